"""What a saliency generator gets of a configuration, wherever its maps or embeddings are made, and by which keys."""

from typing import Any

from flows.engine.reasons import DERIVED
from flows.settings.configuration import Settings
from pipeline.saliency.fill import Fill


def generator_spec(settings: Settings, generator: str, mode: str, supervises: bool = False) -> dict[str, Any]:
    """Return a generator's settings in a mode, as its stages keep them: what its maps depend on.

    The controls have none.

    Args:
        settings: of one seed.
        generator: its name.
        mode: its mode.
        supervises: the maps supervise attributes; else they are test maps.
    """
    section = settings.saliency.section(generator)
    return section.spec(mode, supervises, chosen_fill(settings)) if section else {}


def spec_keys(settings: Settings, generator: str, supervises: bool = False) -> dict[str, str]:
    """Return the user's keys of `spec` and `most_pairs` in the stages of a generator."""
    section = settings.saliency.section(generator)
    if section is None:
        return {"spec": DERIVED}
    keys = {"spec": f"saliency.{generator}", "most_pairs": f"saliency.{generator}.pairs"}
    # A generator may have a number of its own for maps that supervise, such as supervision_masks.
    own = [name for name in type(section).model_fields if name.startswith("supervision_")]
    if supervises:
        keys |= {f"spec.{name.removeprefix('supervision_')}": f"saliency.{generator}.{name}" for name in own}
    # What a generator groups, such as LIME's superpixels, stands in the same section.
    spec = generator_spec(settings, generator, section.modes[0], supervises)
    groups = {f"spec.{name}": f"saliency.{generator}" for name, value in spec.items() if isinstance(value, dict)}
    return keys | groups | {"spec.fill": "saliency.fill"}


def chosen_fill(settings: Settings) -> Fill | None:
    """Return what removed pixels become, the canvas as its colour; None: by each generator's paper."""
    fill: Fill | None = settings.saliency.fill
    return settings.dataset.canvas if fill == "canvas" else fill
