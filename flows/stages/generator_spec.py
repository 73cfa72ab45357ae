"""What a saliency generator gets of a configuration, wherever its maps or embeddings are made."""

from typing import Any

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


def chosen_fill(settings: Settings) -> Fill | None:
    """Return what removed pixels become, the canvas as its colour; None: by each generator's paper."""
    fill: Fill | None = settings.saliency.fill
    return settings.dataset.canvas if fill == "canvas" else fill
