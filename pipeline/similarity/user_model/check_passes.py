"""How many passes the checks of a user's model make; needs no torch, so that a plan can tell."""

NOISE_IMAGES = 2
BLANK_IMAGES = 2


def check_passes(dataset_images: int) -> int:
    """Return how many images the checks embed: each of them once by kind, twice all together and once alone."""
    return 4 * (dataset_images + NOISE_IMAGES + BLANK_IMAGES)
