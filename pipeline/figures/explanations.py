"""Pairs with their maps and the attributes that explain them: v1 Figs. 4, 11 and 12, ECCV supplement Figs. 3 and 4."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy.typing as npt
from numpy import floating

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import Sheet, Tile, draw_sheet
from pipeline.figures.shown_pair import OTHERS_APART, ShownPair, chosen_by, numbered, substitutes_note
from pipeline.report.generator_names import generator_name
from pipeline.report.number_text import count_text, number_text
from pipeline.report.overlays import overlay

CASES_OF_A_KIND: Final = 4
_COLUMNS: Final = 4
# Beside its word a change with more does not fit below a tile; captions have three.
_TILE_DECIMALS: Final = 2
_HEADINGS: Final = ("borne out: without the attribute the score falls", "not borne out: it does not fall")


@dataclass(frozen=True)
class ExplainedPair:
    """A pair with its explanation.

    Attributes:
        pair: what it is.
        map_hw: float (y, x) over the model's view of the query, larger where it matters more.
        attribute: that explains the match.
        attribute_map_hw: float (y, x) over the same view, where the attribute shows; None where there is no such map.
        expected: expected change of the score without the attribute.
        measured: change of the score that was measured.
        classifier: the attribute that the classifier puts first; None where none was run.
    """

    pair: ShownPair
    map_hw: npt.NDArray[floating[Any]]
    attribute: str
    attribute_map_hw: npt.NDArray[floating[Any]] | None
    expected: float | None
    measured: float
    classifier: str | None


@dataclass(frozen=True)
class ExplanationFacts:
    """What is the same for all pairs of the figure.

    Attributes:
        candidates: pairs that are borne out, and pairs that are not.
        unmeasured: answered pairs whose change could not be measured.
        generator: of the maps.
        measure: how the change was measured, in words.
        attribute_maps: what the attributes' maps are, in words; empty without any.
        variant: which variant answers.
        seed: by which pairs were drawn.
    """

    candidates: tuple[int, int]
    unmeasured: int
    generator: str
    measure: str
    attribute_maps: str
    variant: str
    seed: int


def explanations_figure(
    borne_out: Sequence[ExplainedPair], others: Sequence[ExplainedPair], facts: ExplanationFacts
) -> PaperFigure:
    """Return pairs whose answers are borne out on the left, and pairs whose answers are not on the right.

    Args:
        borne_out: pairs whose score falls without the attribute.
        others: pairs whose score does not; one of both may be empty.
        facts: of all.
    """
    kinds = [(pairs, name) for pairs, name in zip((borne_out, others), _HEADINGS, strict=True) if pairs]
    titles = ("query", "reference", generator_name(facts.generator), "attribute")
    tiles = [
        [_tiles(explained, titles if number == 0 else ("",) * _COLUMNS) for number, explained in enumerate(pairs)]
        for pairs, _ in kinds
    ]
    rows: list[tuple[Tile | None, ...]] = []
    for number in range(max(map(len, tiles))):
        present = [of_kind[number] if number < len(of_kind) else (None,) * _COLUMNS for of_kind in tiles]
        rows.append(tuple(tile for four in present for tile in four))
    drawn = draw_sheet(Sheet(tuple(rows), tuple((name, _COLUMNS) for _, name in kinds)))
    return PaperFigure(drawn, _caption(borne_out, others, facts))


def _tiles(explained: ExplainedPair, titles: Sequence[str]) -> tuple[Tile, ...]:
    pair = explained.pair
    classifier = () if explained.classifier is None else ("classifier:", explained.classifier)
    where = None if explained.attribute_map_hw is None else overlay(pair.query_image, explained.attribute_map_hw)
    kinds = (("expected", explained.expected), ("measured", explained.measured))
    changes = tuple(f"{kind} {_change(change, _TILE_DECIMALS)}" for kind, change in kinds if change is not None)
    return (
        pair.query_tile(*classifier, title=titles[0]),
        pair.reference_tile(number_text(pair.similarity, decimals=3), title=titles[1]),
        Tile(overlay(pair.query_image, explained.map_hw), titles[2]),
        Tile(where, titles[3], changes, name=explained.attribute),
    )


def _change(value: float, decimals: int = 3) -> str:
    sign = "+" if value > 0 else ""
    return sign + number_text(value, decimals=decimals)


def _caption(
    borne_out: Sequence[ExplainedPair], others: Sequence[ExplainedPair], facts: ExplanationFacts
) -> tuple[str, ...]:
    maps = f"{facts.attribute_maps}, under its name" if facts.attribute_maps else "the attribute's name"
    kinds = []
    for heading, pairs, candidates in zip(_HEADINGS, (borne_out, others), facts.candidates, strict=True):
        drawn = chosen_by(len(pairs), candidates, facts.seed) if pairs else "there is none."
        lines = numbered([_line(explained) for explained in pairs])
        kinds.append(f"Pairs that are {heading.partition(':')[0]}: {drawn}" + (f"\n{lines}" if lines else ""))
    return (
        "Explanations of pairs: the map of the match and the attribute that explains it.",
        f"Each pair: the query, the reference with the similarity of both below it, the query under its "
        f"{generator_name(facts.generator)} map, and {maps}. The attribute is the answer of the variant "
        f"{facts.variant}; what the classifier puts first is below the query where it was run. Each map is coloured "
        "from its own least to its own largest value. Expected and measured: change of the similarity without the "
        f"attribute; measured is {facts.measure}.",
        "A pair is borne out where the measured change is a fall of the similarity, and not where the similarity "
        f"stays or rises{_unmeasured(facts.unmeasured)}. {OTHERS_APART}",
        *kinds,
        *substitutes_note([explained.pair for explained in (*borne_out, *others)]),
    )


def _unmeasured(count: int) -> str:
    return f"; {count_text(count)} more pairs have an answer, but no change that could be measured" if count else ""


def _line(explained: ExplainedPair) -> str:
    expected = "unknown" if explained.expected is None else _change(explained.expected)
    facts = [f"attribute {explained.attribute}", f"expected {expected}", f"measured {_change(explained.measured)}"]
    if explained.classifier is not None:
        facts.append(f"classifier {explained.classifier}")
    return explained.pair.caption_line(*facts)
