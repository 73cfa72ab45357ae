"""Maps of all generators side by side: v1 Fig. 3 and 10, ECCV supplement Figs. 1 and 2."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt
from numpy import floating

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import Sheet, Tile, draw_sheet
from pipeline.figures.shown_pair import ShownPair, chosen_by, numbered, substitutes_note
from pipeline.report.generator_names import is_control, maps_name
from pipeline.report.number_text import number_text
from pipeline.report.overlays import overlay

# As many rows as a page has room for.
_MOST_PAIRS, _ROWS_OF_A_PAGE, _MAPS_ACROSS = 4, 6, 5


@dataclass(frozen=True)
class ComparedMap:
    """One generator's map of a pair.

    Attributes:
        generator: its name.
        mode: of the generator.
        map_hw: float (y, x) over the model's view of the query; larger where it matters more.
        insertion: area under the insertion curve, 0 to 1; None where the pair has no curves.
        deletion: likewise under the deletion curve.
    """

    generator: str
    mode: str
    map_hw: npt.NDArray[floating[Any]]
    insertion: float | None
    deletion: float | None


@dataclass(frozen=True)
class ComparedPair:
    """A pair with the maps of every generator, in the same order for all pairs of a figure."""

    pair: ShownPair
    maps: tuple[ComparedMap, ...]


def pairs_of_generators(n_maps: int) -> int:
    """Return how many pairs a figure of so many generators and modes has room for: at most four, at least one."""
    return max(1, min(_MOST_PAIRS, _ROWS_OF_A_PAGE // _lines(n_maps)))


def generators_figure(pairs: Sequence[ComparedPair], candidates: int, seed: int) -> PaperFigure:
    """Return query, reference and a map of each generator, a pair after the other.

    Args:
        pairs: at least one.
        candidates: how many pairs they were drawn from.
        seed: by which they were drawn.
    """
    lines = _lines(len(pairs[0].maps))
    across = -(-len(pairs[0].maps) // lines)
    rows: list[tuple[Tile | None, ...]] = []
    for number, compared in enumerate(pairs):
        both, maps = _tiles(compared)
        if number and lines == 1:  # as above
            both, maps = ([replace(tile, title="") for tile in tiles] for tiles in (both, maps))
        starts = range(0, len(maps), across)
        # Further maps stand below the first ones.
        rows += [(*(both if first == 0 else (None, None)), *maps[first : first + across]) for first in starts]
    breaks = frozenset(range(lines, len(rows), lines)) if lines > 1 else frozenset()
    drawn = draw_sheet(Sheet(tuple(rows), (("", 2 + across),), breaks=breaks))
    return PaperFigure(drawn, _caption(pairs, candidates, seed))


def _lines(n_maps: int) -> int:
    return -(-n_maps // _MAPS_ACROSS)


def _tiles(compared: ComparedPair) -> tuple[list[Tile], list[Tile]]:
    """Return query and reference, and the maps."""
    pair, maps = compared.pair, []
    for one in compared.maps:
        picture = overlay(pair.query_image, one.map_hw)
        areas = (("insertion", one.insertion), ("deletion", one.deletion))
        lines = tuple(f"{name} {number_text(area, 100.0, 1)}" for name, area in areas if area is not None)
        maps.append(Tile(picture, maps_name(one.generator, one.mode), lines))
    return [pair.query_tile(title="query"), pair.reference_tile(pair.score_line(), title="reference")], maps


def _caption(pairs: Sequence[ComparedPair], candidates: int, seed: int) -> tuple[str, ...]:
    maps = pairs[0].maps
    names = ", ".join(maps_name(one.generator, one.mode) for one in maps)
    controls = [maps_name(one.generator, one.mode) for one in maps if is_control(one.generator)]
    known = f" {' and '.join(controls)} know nothing of the model: they are controls." if controls else ""
    curves = (
        "Below each map the areas under its insertion curve (larger is better) and its deletion curve (smaller is "
        "better), x 100, each curve scaled to its own range."
        if any(one.insertion is not None for compared in pairs for one in compared.maps)
        else "No insertion and deletion curves were made of these pairs."
    )
    lines = [compared.pair.caption_line() for compared in pairs]
    return (
        "Saliency maps of different generators for the same pairs.",
        f"Each pair: the query, the reference, and over the query in grey the maps of {names}.{known} Each map is "
        f"coloured from its own least to its own largest value, so colours cannot be compared between maps. {curves}",
        f"Pairs: {chosen_by(len(pairs), candidates, seed)} Candidates are the test pairs that all of these generators "
        "explain and, where there are any such, that have curves of each.",
        *substitutes_note([compared.pair for compared in pairs]),
        numbered(lines),
    )
