"""Outfits whose items go together by colour, of three types that differ in pattern: easy to learn, 32 px small."""

import numpy as np

from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels

TYPES = ("bags", "shoes", "tops")
COLOURS = np.array([[200, 60, 60], [60, 200, 60], [60, 60, 200], [200, 200, 60]])


def outfit_problem(n_outfits: int, seed: int) -> OutfitPixels:
    """Return outfits of one item of each type, whose middles have one colour and whose borders have any."""
    rng = np.random.default_rng(seed)
    types = np.tile(np.arange(3), n_outfits)
    colours = np.repeat(rng.integers(0, 4, n_outfits), 3)
    pattern = np.zeros((3, 32, 32, 1))
    pattern[0, ::4] = pattern[1, :, ::4] = pattern[2, ::4, ::4] = 1
    base = np.empty((3 * n_outfits, 32, 32, 3))
    base[:] = rng.uniform(40, 220, (3 * n_outfits, 1, 1, 3))
    base[:, 8:24, 8:24] = (COLOURS[colours] + rng.normal(0, 25, (3 * n_outfits, 3)))[:, None, None]
    pixels = base - 80 * pattern[types] + rng.normal(0, 12, (3 * n_outfits, 32, 32, 3))
    return OutfitPixels(
        np.clip(pixels, 0, 255).astype(np.uint8),
        [TYPES[number] for number in types.tolist()],
        [f"item{number:03d}" for number in range(3 * n_outfits)],
        [np.arange(3 * outfit, 3 * outfit + 3) for outfit in range(n_outfits)],
        [f"outfit{number:03d}" for number in range(n_outfits)],
    )
