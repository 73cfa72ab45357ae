"""The parts of a match on both images: colours lie where the regions are, and words say what the rows say."""

import numpy as np
import pytest

from pipeline.datasets.fitting import CoveredBox
from pipeline.report.both_sides import COLOURS, MatchPart, both_sides
from pipeline.report.overlays import SHOWN_SIZE_PX, coloured_regions
from pipeline.report.shown_image import ShownImage


def grey_image(height: int = 32, width: int = 32, box: CoveredBox | None = None) -> ShownImage:
    pixels = np.full((height, width, 3), 128, dtype=np.uint8)
    return ShownImage(pixels) if box is None else ShownImage(pixels, box)


def region(row: int, column: int, cells: int = 8) -> np.ndarray:
    grid = np.zeros((cells, cells))
    grid[row, column] = 0.5
    return grid


def part(attribute: str | None = "part:pocket", p_value: float | None = 0.02) -> MatchPart:
    return MatchPart(region(1, 1), region(6, 2), 0.693, p_value, attribute)


def test_each_region_has_its_colour_where_it_is() -> None:
    shown = coloured_regions(grey_image(), [region(1, 1), region(6, 5)], COLOURS[:2]).astype(int)
    step = SHOWN_SIZE_PX // 8
    for (row, column), colour in zip(((1, 1), (6, 5)), COLOURS, strict=False):
        middle = shown[row * step + step // 2, column * step + step // 2]
        assert np.abs(middle - colour).max() < 45
    elsewhere = shown[4 * step, 7 * step + step // 2]
    assert np.ptp(elsewhere) <= 1


def test_regions_lie_on_what_the_model_sees_of_a_photograph() -> None:
    # Of an image twice as wide as high the model sees the right half.
    image = grey_image(32, 64, CoveredBox(32.0, 0.0, 32.0, 32.0))
    shown = coloured_regions(image, [np.ones((8, 8))], COLOURS[:1]).astype(int)
    assert shown.shape == (SHOWN_SIZE_PX // 2, SHOWN_SIZE_PX, 3)
    assert np.ptp(shown[40, SHOWN_SIZE_PX // 4]) <= 1
    assert np.ptp(shown[40, SHOWN_SIZE_PX * 3 // 4]) > 100


def test_words_say_share_name_and_chance() -> None:
    made = both_sides(grey_image(), grey_image(), [part(), part(None, 0.56), part("a", None)])
    assert made is not None
    texts = [line.text for line in made.lines]
    assert texts[0] == (
        "69 % of how far regions of both images raise the similarity together; it goes with part:pocket; "
        "2 of 100 pairs of unrelated images have as much"
    )
    assert "; it goes with no single attribute; 56 of 100" in texts[1]
    assert "unrelated" not in texts[2]
    assert [line.colour for line in made.lines] == [f"rgb{colour}" for colour in COLOURS[:3]]
    assert made.query_picture != made.reference_picture


def test_more_parts_than_colours_are_left_out() -> None:
    made = both_sides(grey_image(), grey_image(), [part()] * (len(COLOURS) + 1))
    assert made is not None
    assert len(made.lines) == len(COLOURS)


def test_without_parts_there_is_nothing_to_show() -> None:
    assert both_sides(grey_image(), grey_image(), []) is None


@pytest.mark.parametrize("cells", [4, 14])
def test_a_region_of_zeros_colours_nothing(cells: int) -> None:
    shown = coloured_regions(grey_image(), [np.zeros((cells, cells))], COLOURS[:1])
    assert np.ptp(shown.astype(int), axis=2).max() <= 1
