"""Which saliency generators a model of a kind can have: a user's own model is a black box without gradients."""

from collections.abc import Sequence

from pipeline.saliency.catalogue import GENERATORS, black_box_generators


def refuse_gradients_of_black_box(model_kind: str, generators: Sequence[str]) -> None:
    """Refuse generators that take gradients where the model is the user's own.

    Args:
        model_kind: similarity_model.kind.
        generators: saliency.generators.

    Raises:
        ValueError: there are such generators; the message names them and those to use instead.
    """
    refused = [name for name in generators if GENERATORS[name].is_white_box]
    if model_kind != "user" or not refused:
        return
    raise ValueError(
        f"saliency.generators without {', '.join(refused)} where similarity_model.kind is 'user': a user's own model "
        f"is a black box without gradients. Explain it by embeddings alone: {', '.join(black_box_generators())}"
    )
