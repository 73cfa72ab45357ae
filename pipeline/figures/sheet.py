"""Rows of pictures with words above and below them, drawn for print."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.figures.words import FAMILY, fitted
from pipeline.report.figures import LIGHT, literal_text
from pipeline.report.overlays import legend_colours

# Both columns of a page, with room for a caption.
PAGE_WIDTH_IN, PAGE_HEIGHT_IN = 7.16, 9.0
LARGEST_TILE_IN, _LEAST_TILE_IN = 1.25, 0.7
FLAT: Final = "flat map"
_MARGIN_IN, _GAP_IN, _BLOCK_GAP_IN, _ROW_GAP_IN = 0.04, 0.07, 0.24, 0.12
_SIZE_PT, _HEADING_PT = 6.5, 8.0
_LINE_IN, _HEADING_IN = 0.115, 0.2
_LINES_OF_A_TEXT = 2
# What the colours of maps take with their words.
_BAR_IN, _BAR_WIDTH_IN, _LEAST_WIDTH_IN = 0.24, 1.2, 3.0


@dataclass(frozen=True)
class Tile:
    """One picture with its words.

    Attributes:
        picture_hwc: uint8 (y, x, 3) in any shape; None where a map is flat, so that there is nothing to draw.
        title: above it, on up to two lines.
        lines: below it, each on up to two lines.
        name: below it in bold, likewise, before `lines`.
    """

    picture_hwc: npt.NDArray[np.uint8] | None
    title: str = ""
    lines: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is drawn.

    Attributes:
        rows: of tiles, left to right; None leaves a place empty, and a row may be shorter than others.
        blocks: groups of columns, each a heading (which may be empty) and how many columns it has.
        has_maps: draw the colours of maps, least to most.
        breaks: rows before which more space is left.
    """

    rows: tuple[tuple[Tile | None, ...], ...]
    blocks: tuple[tuple[str, int], ...]
    has_maps: bool = True
    breaks: frozenset[int] = field(default_factory=frozenset)


def draw_sheet(sheet: Sheet) -> Figure:
    """Return the drawing, at most as wide as a page of two columns, and as high while its tiles can be that small."""
    columns = sum(count for _, count in sheet.blocks)
    spaces = 2 * _MARGIN_IN + _GAP_IN * (columns - 1) + (_BLOCK_GAP_IN - _GAP_IN) * (len(sheet.blocks) - 1)
    tile_in = min(LARGEST_TILE_IN, (PAGE_WIDTH_IN - spaces) / columns)
    height_in = _placed_rows(sheet, tile_in)[1]
    if height_in > PAGE_HEIGHT_IN:
        shrunk_in = tile_in - (height_in - PAGE_HEIGHT_IN) / len(sheet.rows)
        tile_in = max(shrunk_in, min(tile_in, _LEAST_TILE_IN))
    lefts = _lefts(sheet.blocks, tile_in)
    rows, height_in = _placed_rows(sheet, tile_in)
    width_in = max(spaces + columns * tile_in, _LEAST_WIDTH_IN if sheet.has_maps else 0)
    page = _Page(Figure(figsize=(width_in, height_in), facecolor=LIGHT.ground), width_in, height_in)
    _draw_headings(page, sheet.blocks, lefts, tile_in)
    for row in rows:
        for number, (tile, words) in enumerate(zip(row.tiles, row.words, strict=True)):
            if tile is not None:
                _draw_tile(page, tile, words, row, _Place(lefts[number], tile_in))
    if sheet.has_maps:
        _draw_bar(page)
    return page.figure


@dataclass(frozen=True)
class _Words:
    """The lines above a tile, the lines below it, and how many of the latter are bold."""

    above: tuple[str, ...]
    lines: tuple[str, ...]
    bold: int


@dataclass(frozen=True)
class _Place:
    """Where a tile is: inches from the left, and its width."""

    left_in: float
    tile_in: float


@dataclass(frozen=True)
class _PlacedRow:
    """A row: where its pictures and the words below them begin, inches from the top."""

    tiles: tuple[Tile | None, ...]
    words: tuple[_Words, ...]
    pictures_in: float
    words_in: float


@dataclass(frozen=True)
class _Page:
    """A figure that is drawn on by inches from its left and its top."""

    figure: Figure
    width_in: float
    height_in: float

    def __post_init__(self) -> None:
        FigureCanvasAgg(self.figure)

    def axes(self, left_in: float, top_in: float, width_in: float, height_in: float) -> Axes:
        bottom_in = self.height_in - top_in - height_in
        place = (left_in / self.width_in, bottom_in / self.height_in, width_in / self.width_in)
        return self.figure.add_axes((*place, height_in / self.height_in))

    def text(self, left_in: float, top_in: float, text: str, size_pt: float, is_bold: bool, colour: str) -> None:
        place = (left_in / self.width_in, 1 - top_in / self.height_in)
        weight = "bold" if is_bold else "normal"
        shown = literal_text(text)
        self.figure.text(*place, shown, size=size_pt, weight=weight, color=colour, family=FAMILY, va="top")


def _words(tile: Tile | None, tile_in: float) -> _Words:
    if tile is None:
        return _Words((), (), 0)
    above = tuple(fitted(tile.title, tile_in, _SIZE_PT, most_lines=_LINES_OF_A_TEXT)) if tile.title else ()
    name = fitted(tile.name, tile_in, _SIZE_PT, is_bold=True, most_lines=_LINES_OF_A_TEXT) if tile.name else []
    lines = [part for line in tile.lines for part in fitted(line, tile_in, _SIZE_PT, most_lines=_LINES_OF_A_TEXT)]
    return _Words(above, (*name, *lines), len(name))


def _lefts(blocks: Sequence[tuple[str, int]], tile_in: float) -> list[float]:
    lefts, left_in = [], _MARGIN_IN
    for _, count in blocks:
        lefts += [left_in + number * (tile_in + _GAP_IN) for number in range(count)]
        left_in = lefts[-1] + tile_in + _BLOCK_GAP_IN
    return lefts


def _placed_rows(sheet: Sheet, tile_in: float) -> tuple[list[_PlacedRow], float]:
    """Return the rows, and where the page ends, inches from its top."""
    top_in = _MARGIN_IN + (_HEADING_IN if any(heading for heading, _ in sheet.blocks) else 0)
    rows = []
    for number, tiles in enumerate(sheet.rows):
        top_in += _ROW_GAP_IN if number in sheet.breaks else 0
        words = tuple(_words(tile, tile_in) for tile in tiles)
        above = max(len(one.above) for one in words)
        pictures_in = top_in + (_LINE_IN * above + 0.02 if above else 0)
        words_in = pictures_in + max(_picture_height_in(tile, tile_in) for tile in tiles) + 0.03
        rows.append(_PlacedRow(tiles, words, pictures_in, words_in))
        top_in = words_in + _LINE_IN * max(len(one.lines) for one in words) + _ROW_GAP_IN
    return rows, top_in + (_BAR_IN if sheet.has_maps else 0)


def _draw_headings(page: _Page, blocks: Sequence[tuple[str, int]], lefts: Sequence[float], tile_in: float) -> None:
    first = 0
    for heading, count in blocks:
        if heading:
            width = count * (tile_in + _GAP_IN)
            page.text(
                lefts[first], _MARGIN_IN, fitted(heading, width, _HEADING_PT, True)[0], _HEADING_PT, True, LIGHT.ink
            )
        first += count


def _draw_tile(page: _Page, tile: Tile, words: _Words, row: _PlacedRow, place: _Place) -> None:
    for number, line in enumerate(words.above):
        up_in = _LINE_IN * (len(words.above) - number) + 0.02
        page.text(place.left_in, row.pictures_in - up_in, line, _SIZE_PT, False, LIGHT.faint)
    height_in = row.words_in - 0.03 - row.pictures_in
    panel = page.axes(place.left_in, row.pictures_in, place.tile_in, height_in)
    panel.axis("off")
    # Pictures of one row stand on one line, above their words.
    panel.set_anchor("SW")
    if tile.picture_hwc is None:
        panel.text(0.5, 0.5, FLAT, ha="center", va="center", size=_SIZE_PT, color=LIGHT.faint, family=FAMILY)
    else:
        panel.imshow(tile.picture_hwc, interpolation="antialiased")
    for number, line in enumerate(words.lines):
        is_bold = number < words.bold
        colour = LIGHT.ink if is_bold else LIGHT.faint
        page.text(place.left_in, row.words_in + number * _LINE_IN, line, _SIZE_PT, is_bold, colour)


def _picture_height_in(tile: Tile | None, tile_in: float) -> float:
    if tile is None:
        return 0.0
    if tile.picture_hwc is None:
        return tile_in
    height, width = tile.picture_hwc.shape[:2]
    return tile_in * min(1.0, float(height) / float(width))


def _draw_bar(page: _Page) -> None:
    top_in = page.height_in - _BAR_IN + 0.06
    words = "least"
    page.text(_MARGIN_IN, top_in, words, _SIZE_PT, False, LIGHT.faint)
    left_in = _MARGIN_IN + 0.32
    panel = page.axes(left_in, top_in + 0.01, _BAR_WIDTH_IN, 0.09)
    panel.imshow(legend_colours(256)[None], aspect="auto")
    panel.axis("off")
    words = "most, of each map by itself"
    page.text(left_in + _BAR_WIDTH_IN + 0.06, top_in, words, _SIZE_PT, False, LIGHT.faint)
