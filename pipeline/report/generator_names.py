"""How the report spells saliency generators and their modes."""

from pipeline.saliency.catalogue import FIXED

_NAMES = {
    "sliding_window": "sliding window",
    "rise": "RISE",
    "lime": "LIME",
    "mask": "Mask",
    "similarity_attention": "similarity attention",
    "grad_cam": "Grad-CAM",
    "random": "random",
    "centre": "centre blob",
}
CONTROLS = ("random", "centre")


def generator_name(generator: str) -> str:
    """Return how the report spells a generator."""
    return _NAMES.get(generator, generator)


def maps_name(generator: str, mode: str) -> str:
    """Return generator and mode, such as "RISE, both"; the mode that manipulates the query alone goes unsaid."""
    return generator_name(generator) if mode == FIXED else f"{generator_name(generator)}, {mode}"
