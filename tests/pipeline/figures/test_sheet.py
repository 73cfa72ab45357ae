"""Sheets of pictures: each in its own shape, beside each other, within the page, with its words below it."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from pipeline.figures.sheet import FLAT, LARGEST_TILE_IN, PAGE_HEIGHT_IN, PAGE_WIDTH_IN, Sheet, Tile, draw_sheet

SHAPES = ((120, 60), (50, 100), (80, 80))


def tile(height: int, width: int, **words: object) -> Tile:
    return Tile(np.full((height, width, 3), 90, np.uint8), **words)  # type: ignore[arg-type]


def pictures_in(figure: Figure) -> list[Bbox]:
    """Where the pictures are drawn, in inches from the lower left."""
    figure.canvas.draw()
    for axes in figure.axes:
        axes.apply_aspect()
    to_inches = figure.dpi_scale_trans.inverted()
    places = [axes.get_position().transformed(figure.transFigure) for axes in figure.axes for _ in axes.images]
    return [place.transformed(to_inches) for place in places]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_pictures_keep_their_shape_and_stand_on_one_line() -> None:
    figure = draw_sheet(Sheet((tuple(tile(*shape) for shape in SHAPES),), (("", 3),), has_maps=False))
    found = pictures_in(figure)
    assert [box.height / box.width for box in found] == pytest.approx([height / width for height, width in SHAPES])
    assert [box.y0 for box in found] == pytest.approx([found[0].y0] * 3)
    assert found[0].height > found[1].height


@pytest.mark.parametrize("blocks", [(("", 7),), (("left", 4), ("right", 4)), (("", 1),)])
def test_everything_is_within_the_page_and_nothing_overlaps(blocks: tuple[tuple[str, int], ...]) -> None:
    columns = sum(count for _, count in blocks)
    words = {"title": "a title", "lines": ("a long line of words", "0.123"), "name": "a name that is long"}
    row = tuple(tile(60, 60, **words) for _ in range(columns))
    figure = draw_sheet(Sheet((row, row[:1]), blocks))
    width_in, height_in = figure.get_size_inches()
    assert width_in <= PAGE_WIDTH_IN + 1e-9
    places = pictures_in(figure)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    places += [text.get_window_extent(renderer).transformed(figure.dpi_scale_trans.inverted()) for text in figure.texts]
    for place in places:
        assert place.x0 >= -0.01
        assert place.x1 <= width_in + 0.02
        assert place.y0 >= -0.01
        assert place.y1 <= height_in + 0.01
    assert not [(one, two) for number, one in enumerate(places) for two in places[:number] if overlap(one, two)]


def overlap(one: Bbox, two: Bbox) -> bool:
    """Whether two places share more than the rounding of letters."""
    across = min(one.x1, two.x1) - max(one.x0, two.x0)
    down = min(one.y1, two.y1) - max(one.y0, two.y0)
    return across > 0.02 and down > 0.02


def test_the_check_of_overlaps_can_fail() -> None:
    assert overlap(Bbox([[0, 0], [1, 1]]), Bbox([[0.5, 0.5], [2, 2]]))
    assert not overlap(Bbox([[0, 0], [1, 1]]), Bbox([[1, 0], [2, 1]]))


def test_a_sheet_of_many_rows_is_no_higher_than_a_page() -> None:
    for count in (2, 7, 9):
        rows = tuple((tile(60, 60, lines=("one line",)),) * 4 for _ in range(count))
        figure = draw_sheet(Sheet(rows, (("", 4),)))
        assert figure.get_figheight() <= PAGE_HEIGHT_IN + 0.01
        assert (pictures_in(figure)[0].width < LARGEST_TILE_IN - 0.01) == (count > 2)


def test_words_stand_as_they_are() -> None:
    figure = draw_sheet(Sheet(((tile(9, 9, title="$x$", lines=("a_b",), name="猫"), None),), (("h", 2),)))
    assert texts(figure) == ["h", r"\$x\$", "?", "a_b", "least", "most, of each map by itself"]


def test_a_flat_map_is_said_and_an_empty_place_is_not() -> None:
    figure = draw_sheet(Sheet(((Tile(None), None),), (("", 2),), has_maps=False))
    assert [text.get_text() for axes in figure.axes for text in axes.texts] == [FLAT]
