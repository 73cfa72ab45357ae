"""How the report spells saliency generators and their modes."""

from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.declaration import FIXED


def generator_name(generator: str) -> str:
    """Return how the report spells a generator."""
    return GENERATORS[generator].title if generator in GENERATORS else generator


def is_control(generator: str) -> bool:
    """Return whether methods are compared with it, because it knows nothing of the model."""
    return generator in GENERATORS and GENERATORS[generator].is_control


def maps_name(generator: str, mode: str) -> str:
    """Return generator and mode, such as "RISE, both"; the mode that manipulates the query alone goes unsaid."""
    return generator_name(generator) if mode == FIXED else f"{generator_name(generator)}, {mode}"
