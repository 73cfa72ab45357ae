"""Attention maps of several models for the same pairs, such as without and with mining: SAM Figs. 4 to 7."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt
from numpy import floating

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import Sheet, Tile, draw_sheet
from pipeline.figures.shown_pair import ShownPair, chosen_by, numbered, one_line, substitutes_note
from pipeline.report.generator_names import maps_name
from pipeline.report.number_text import number_text
from pipeline.report.overlays import overlay

ATTENDED_PAIRS: Final = 4


@dataclass(frozen=True)
class ModelAttention:
    """What one model makes of a pair.

    Attributes:
        model: its name.
        pair: with this model's similarity.
        maps: float (y, x) over the model's view of the query, larger where it matters more; by generator and mode in
            the order of the figure.
    """

    model: str
    pair: ShownPair
    maps: tuple[npt.NDArray[floating[Any]], ...]


def attention_figure(
    pairs: Sequence[Sequence[ModelAttention]], generators: Sequence[tuple[str, str]], candidates: int, seed: int
) -> PaperFigure:
    """Return a row a model for each pair: the query, the reference, and the model's maps over the query.

    Args:
        pairs: for each, what every model makes of it, in the same order; at least one.
        generators: of the maps, with their modes.
        candidates: how many pairs they were drawn from.
        seed: by which they were drawn.
    """
    titles = ("query", "reference", *(maps_name(*key) for key in generators))
    rows: list[tuple[Tile, ...]] = []
    breaks = set()
    for models in pairs:
        breaks.add(len(rows))
        for one in models:
            rows.append(_row(one, ("",) * len(titles) if rows else titles))
    drawn = draw_sheet(Sheet(tuple(rows), (("", len(titles)),), breaks=frozenset(breaks - {0})))
    return PaperFigure(drawn, _caption(pairs, generators, candidates, seed))


def _row(one: ModelAttention, titles: Sequence[str]) -> tuple[Tile, ...]:
    query = one.pair.query_tile(title=titles[0])
    maps = [
        Tile(overlay(one.pair.query_image, map_hw), title) for map_hw, title in zip(one.maps, titles[2:], strict=True)
    ]
    named = Tile(query.picture_hwc, query.title, query.lines, name=one.model)
    return named, one.pair.reference_tile(number_text(one.pair.similarity, decimals=3), title=titles[1]), *maps


def _caption(
    pairs: Sequence[Sequence[ModelAttention]], generators: Sequence[tuple[str, str]], candidates: int, seed: int
) -> tuple[str, ...]:
    names = ", ".join(maps_name(*key) for key in generators)
    models = [one_line(one.model) for one in pairs[0]]
    lines = []
    for of_pair in pairs:
        others = [f"{one_line(one.model)} {number_text(one.pair.similarity, decimals=3)}" for one in of_pair[1:]]
        lines.append(of_pair[0].pair.caption_line(*(f"by {other}" for other in others)))
    return (
        f"Attention of {len(models)} models for the same pairs: {', '.join(models)}.",
        "Each pair has a row a model: the query over the model's name, the reference over the similarity by that model "
        f"and the model's maps over the query by {names}. Each map is coloured from its own least to its own largest "
        "value, so colours cannot be compared between maps.",
        f"Pairs: {chosen_by(len(pairs), candidates, seed)} Candidates are the test pairs that all of these models "
        "explain by all of these generators.",
        *substitutes_note([one.pair for of_pair in pairs for one in of_pair]),
        numbered(lines),
    )
