"""Pairs, maps and pictures that figures are drawn of."""

import numpy as np

from pipeline.datasets.fitting import CoveredBox
from pipeline.figures.shown_pair import ShownPair
from pipeline.report.shown_image import ShownImage

MAP_HW = np.linspace(0, 1, 64).reshape(8, 8)
FLAT_HW = np.zeros((8, 8))
LATIN_CAT = "cat $x$ 猫"


def image(height: int, width: int, shade: int = 120) -> ShownImage:
    """A photograph whose middle square the model sees."""
    side = float(min(height, width))
    seen = CoveredBox((width - side) / 2, (height - side) / 2, side, side)
    return ShownImage(np.full((height, width, 3), shade, np.uint8), seen)


def pair(number: int, label: str = LATIN_CAT) -> ShownPair:
    """A portrait as the query, a landscape as the reference."""
    return ShownPair(
        f"pair{number}", f"q{number}", f"r{number}", label, "dog", 0.5 + number / 100, image(120, 60), image(50, 100)
    )
