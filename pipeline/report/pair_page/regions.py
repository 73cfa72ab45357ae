"""The parts of a match as shapes that can be pointed at, in both images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.report.both_sides import COLOURS, MatchPart, part_words
from pipeline.report.map_words import region_words
from pipeline.report.number_text import number_text

# Shares of a region's largest value: where it begins, and where it is drawn darker.
_BEGINS, _STRONG = 0.25, 0.6
# Share of unrelated pairs above which a region is no more than chance.
_CHANCE = 0.05


@dataclass(frozen=True)
class Patch:
    """One region as SVG paths over the cells of an image: all of it, and where it is strongest; `place` in words."""

    outline: str
    core: str
    place: str


@dataclass(frozen=True)
class PagePart:
    """One part of a match.

    Attributes:
        number: from 1.
        colour: as CSS.
        words: its share and what it follows.
        name: a few words that name it.
        query: its region in the query.
        reference: its region in the reference.
    """

    number: int
    colour: str
    words: str
    name: str
    query: Patch
    reference: Patch


@dataclass(frozen=True)
class PageRegions:
    """The parts of a match, and what keeps them from being read; empty where nothing does.

    `query_cells` and `reference_cells` are (columns, rows) of the cells of each image.
    """

    query_cells: tuple[int, int]
    reference_cells: tuple[int, int]
    parts: tuple[PagePart, ...]
    caution: str = ""


def page_regions(parts: Sequence[MatchPart]) -> PageRegions | None:
    """Return the parts as shapes, at most as many as there are colours; None without any."""
    shown = list(parts)[: len(COLOURS)]
    if not shown:
        return None
    queries = _patches([part.query_hw for part in shown])
    references = _patches([part.reference_hw for part in shown])
    return PageRegions(
        _cells(shown[0].query_hw),
        _cells(shown[0].reference_hw),
        tuple(
            PagePart(number, f"rgb{COLOURS[number - 1]}", part_words(part), _name(number, part), *patches)
            for number, (part, *patches) in enumerate(zip(shown, queries, references, strict=True), start=1)
        ),
        _caution(shown),
    )


def _caution(parts: Sequence[MatchPart]) -> str:
    """Return that no part is more than unrelated images have; nothing where one is, or where that is not known."""
    chances = [part.p_value for part in parts]
    if any(chance is None or chance <= _CHANCE for chance in chances):
        return ""
    return "No region here is larger than those of unrelated images: do not read them as what makes these two a match."


def _patches(regions: Sequence[npt.NDArray[np.floating[Any]]]) -> list[Patch]:
    """Return the shape of each region; a cell belongs to the region that is strongest there."""
    strength_khw = np.stack([np.maximum(region_hw, 0) / (region_hw.max() or 1) for region_hw in regions])
    strongest_hw = strength_khw.argmax(axis=0)
    found = []
    for number, strength_hw in enumerate(strength_khw):
        own_hw = np.where(strongest_hw == number, strength_hw, 0)
        place = region_words(regions[number])
        found.append(Patch(_path(own_hw >= _BEGINS), _path(own_hw >= _STRONG), place))
    return found


def _path(is_inside_hw: npt.NDArray[np.bool_]) -> str:
    """Return an SVG path of the cells that are inside, a rectangle a run of cells in a row."""
    # A run begins where a cell is inside and the one before it is not; beside the image nothing is.
    padded_hw = np.pad(is_inside_hw, ((0, 0), (1, 1))).astype(np.int8)
    rows, edges = np.nonzero(np.diff(padded_hw, axis=1))
    runs = zip(rows[::2].tolist(), edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    pieces = [f"M{start} {y}h{stop - start}v1h{start - stop}z" for y, start, stop in runs]
    return "".join(pieces)


def _name(number: int, part: MatchPart) -> str:
    share = f"{number_text(part.share, 100.0, 0)} %"
    return f"Part {number}, {share}, {part.attribute or 'no attribute'}"


def _cells(region_hw: npt.NDArray[np.floating[Any]]) -> tuple[int, int]:
    return region_hw.shape[1], region_hw.shape[0]
