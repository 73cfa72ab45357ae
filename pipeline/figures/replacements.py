"""What took the query's place to take an attribute away, and what that did: v1 Fig. 6, ECCV supplement Fig. 5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import Sheet, Tile, draw_sheet
from pipeline.figures.shown_pair import OTHERS_APART, ShownPair, chosen_by, numbered, substitutes_note
from pipeline.report.number_text import number_text
from pipeline.report.overlays import plain_view
from pipeline.report.shown_image import ShownImage

EXAMPLES_OF_A_KIND: Final = 4
_COLUMNS: Final = 3
_HEADINGS: Final = ("large change: a good explanation", "little change or a rise: a poor one")


@dataclass(frozen=True)
class ReplacedQuery:
    """A pair whose query is replaced.

    Attributes:
        pair: what it is.
        attribute: that explains the match, and that is taken away.
        replacement: image id of what takes the query's place.
        replacement_label: class or item type of it.
        replacement_image: as it is shown.
        change: of the score; negative where it falls.
    """

    pair: ShownPair
    attribute: str
    replacement: str
    replacement_label: str
    replacement_image: ShownImage
    change: float


def replacements_figure(
    good: Sequence[ReplacedQuery], poor: Sequence[ReplacedQuery], candidates: tuple[int, int], seed: int
) -> PaperFigure:
    """Return examples of good explanations on the left, and of poor ones on the right.

    Args:
        good: drawn from the third of the pairs whose score falls most.
        poor: drawn from the third whose score falls least, or rises.
        candidates: how many pairs each was drawn from.
        seed: by which they were drawn.
    """
    kinds = [(pairs, name) for pairs, name in zip((good, poor), _HEADINGS, strict=True) if pairs]
    tiles = [[_tiles(replaced, number == 0) for number, replaced in enumerate(pairs)] for pairs, _ in kinds]
    rows: list[tuple[Tile | None, ...]] = []
    for number in range(max(map(len, tiles))):
        present = [of_kind[number] if number < len(of_kind) else (None,) * _COLUMNS for of_kind in tiles]
        rows.append(tuple(tile for three in present for tile in three))
    drawn = draw_sheet(Sheet(tuple(rows), tuple((name, _COLUMNS) for _, name in kinds), has_maps=False))
    return PaperFigure(drawn, _caption(good, poor, candidates, seed))


def _tiles(replaced: ReplacedQuery, with_titles: bool) -> tuple[Tile, ...]:
    pair = replaced.pair
    after = f"{_after(replaced)} ({_change(replaced)})"
    return (
        pair.reference_tile(title="reference" if with_titles else ""),
        pair.query_tile(number_text(pair.similarity, decimals=3), title="query" if with_titles else ""),
        Tile(
            plain_view(replaced.replacement_image),
            "in its place" if with_titles else "",
            (replaced.replacement_label, after),
            name=f"without {replaced.attribute}",
        ),
    )


def _after(replaced: ReplacedQuery) -> str:
    return number_text(replaced.pair.similarity + replaced.change, decimals=3)


def _change(replaced: ReplacedQuery) -> str:
    return ("+" if replaced.change > 0 else "") + number_text(replaced.change, decimals=3)


def _caption(
    good: Sequence[ReplacedQuery], poor: Sequence[ReplacedQuery], candidates: tuple[int, int], seed: int
) -> tuple[str, ...]:
    kinds = []
    for heading, pairs, count in zip(_HEADINGS, (good, poor), candidates, strict=True):
        lines = numbered([_line(replaced) for replaced in pairs])
        kinds.append(f"{heading[0].upper()}{heading[1:]}: {chosen_by(len(pairs), count, seed)}\n{lines}")
    return (
        "Removal of the attribute that explains a match.",
        "Each pair: the reference, the query with the similarity of both, and the image that takes the query's place: "
        "of the test images without the attribute that explains the match the one most like the query to the model, "
        "with its similarity to the reference and the change. Where the similarity falls much, the attribute is a "
        "good explanation; where it stays or rises, a poor one. The replacement differs from the query in more than "
        "the attribute.",
        "Candidates are test pairs that an attribute of the query explains and for which there is a replacement, "
        "sorted by the change; examples on the left are drawn from the third that falls most, on the right from the "
        f"third that falls least or rises. {OTHERS_APART}",
        *kinds,
        *substitutes_note([replaced.pair for replaced in (*good, *poor)]),
    )


def _line(replaced: ReplacedQuery) -> str:
    return replaced.pair.caption_line(
        f"without {replaced.attribute}", f"replaced by {replaced.replacement}", f"change {_change(replaced)}"
    )
