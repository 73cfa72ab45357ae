"""Queries before and after an edit of one attribute, with what it does to the score: v1 Fig. 5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import Sheet, Tile, draw_sheet
from pipeline.figures.shown_pair import ShownPair, chosen_by, numbered, substitutes_note
from pipeline.report.number_text import number_text

EDITED_PAIRS: Final = 8
_COLUMNS: Final = 3


@dataclass(frozen=True)
class EditedQuery:
    """A pair whose query was edited.

    Attributes:
        pair: what it is; its query's picture is the one that was edited.
        attribute: that was edited.
        edited_to: what the query shows after.
        edited_hwc: uint8 (y, x, 3), after the edit.
        drop: s(query, reference) - s(edited query, reference).
        is_mean: the drop is a mean over all edits that take the attribute away, of which one is shown.
        is_answer: the attribute is the one that explains the match; None where that is not known.
    """

    pair: ShownPair
    attribute: str
    edited_to: str
    edited_hwc: npt.NDArray[np.uint8]
    drop: float
    is_mean: bool
    is_answer: bool | None


def edits_figure(edited: Sequence[EditedQuery], candidates: int, seed: int, words: str) -> PaperFigure:
    """Return pairs with their edited queries, two pairs a row.

    Args:
        edited: at least one.
        candidates: how many they were drawn from.
        seed: by which they were drawn.
        words: what was edited and which pairs are candidates, a sentence or two.
    """
    blocks = min(2, len(edited))
    tiles = [_tiles(one, number < blocks) for number, one in enumerate(edited)]
    rows = [
        tuple(tile for three in tiles[first : first + blocks] for tile in three)
        for first in range(0, len(tiles), blocks)
    ]
    drawn = draw_sheet(Sheet(tuple(rows), (("", _COLUMNS),) * blocks, has_maps=False))
    return PaperFigure(drawn, _caption(edited, candidates, seed, words))


def _tiles(one: EditedQuery, with_titles: bool) -> tuple[Tile, ...]:
    pair = one.pair
    titles = ("reference", "query", "edited") if with_titles else ("", "", "")
    before, after = (number_text(score, decimals=3) for score in (pair.similarity, pair.similarity - one.drop))
    return (
        pair.reference_tile(title=titles[0]),
        Tile(pair.query_image.pixels_hwc, titles[1], (before,), name=one.attribute),
        Tile(one.edited_hwc, titles[2], (f"{after} ({_change(one)})",), name=one.edited_to),
    )


def _change(one: EditedQuery) -> str:
    return ("+" if one.drop < 0 else "") + number_text(-one.drop, decimals=3)


def _caption(edited: Sequence[EditedQuery], candidates: int, seed: int, words: str) -> tuple[str, ...]:
    mean = ""
    if any(one.is_mean for one in edited):
        mean = " The change is a mean over all edits that take the attribute away; one of them is shown."
    return (
        "The attribute edited in the query, and what that does to the similarity.",
        "Each pair: the reference, the query as the model sees it with the similarity of both, and the edited query "
        f"with its similarity to the reference and the change. {words}{mean}",
        f"Pairs: {chosen_by(len(edited), candidates, seed)}",
        *substitutes_note([one.pair for one in edited]),
        numbered([_line(one) for one in edited]),
    )


def _line(one: EditedQuery) -> str:
    facts: list[Any] = [f"{one.attribute} edited to {one.edited_to}", f"change {_change(one)}"]
    if one.is_answer is not None:
        facts.append("the attribute explains the match" if one.is_answer else "another attribute explains the match")
    return one.pair.caption_line(*facts)
