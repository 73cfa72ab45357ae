"""Which saliency generators a model can have: gradients are taken of networks only, and some models are none."""

from collections.abc import Sequence

from flows.settings.similarity_model import SimilarityModelSettings
from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS, black_box_generators


def refuse_gradients_of_black_box(model: SimilarityModelSettings, generators: Sequence[str]) -> None:
    """Refuse generators that take gradients where the settings say that the model is a black box.

    What a factory returns, a network or another object, only its call tells.

    Args:
        model: the section.
        generators: saliency.generators.

    Raises:
        BadSetting: there are such generators.
    """
    refused = [name for name in generators if GENERATORS[name].is_white_box]
    why = _why_black_box(model)
    if not refused or why is None:
        return
    raise BadSetting(
        expected=f"saliency.generators without {', '.join(refused)}: {why}, which has no gradients",
        found=f"saliency.generators = {list(generators)!r}",
        where="saliency.generators",
        remedy=f"explain the model by its embeddings alone: {', '.join(black_box_generators())}; or let a factory "
        "return the torch network itself",
    )


def _why_black_box(model: SimilarityModelSettings) -> str | None:
    if model.kind != "user":
        return None
    if model.program is not None:
        return "similarity_model.program is a closed program"
    return 'similarity_model.array_type = "numpy" makes the model one of numpy' if model.array_type == "numpy" else None
