"""The ranked attributes of a pair as a table, and what the other variants name first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.disagreement import is_method
from pipeline.report.number_text import MISSING, interval_text, number_text
from pipeline.report.pair_page.evidence import PageAttribute
from pipeline.report.variant_names import named_first, people_name

SHOWN = 10


@dataclass(frozen=True)
class RankingCell:
    """A figure, and the length from 0 to 1 of the bar under it (None: no bar)."""

    text: str
    share: float | None = None


@dataclass(frozen=True)
class RankingRow:
    """One attribute; `mark` says whether the query is labelled with it: ✓, ✗, or nothing where that is unknown."""

    attribute: str
    is_answer: bool
    mark: str
    mark_words: str
    cells: tuple[RankingCell, ...]


@dataclass(frozen=True)
class Ranking:
    """Columns as (name, meaning), a row an attribute, and a sentence where the answer is not the first of them."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[RankingRow, ...]
    note: str


@dataclass(frozen=True)
class OtherFirst:
    """An attribute that other variants put first, with what these are in words."""

    attribute: str
    variants: str


def _share(value: float | None) -> RankingCell:
    text = number_text(value, decimals=2)
    return RankingCell(text, None if text == MISSING or value is None else min(max(float(value), 0.0), 1.0))


def _number(value: float | None) -> RankingCell:
    return RankingCell(number_text(value, decimals=3))


def _with_interval(one: PageAttribute) -> RankingCell:
    interval = interval_text(one.effect_low, one.effect_high, decimals=3)
    return RankingCell(f"{number_text(one.effect, decimals=3)} {interval}".rstrip())


# Name, meaning, the value that decides whether there is such a column, and how it is shown.
_Column = tuple[str, str, Callable[[PageAttribute], float | None], Callable[[PageAttribute], RankingCell]]
_COLUMNS: tuple[_Column, ...] = (
    (
        "score",
        "by which attributes are ranked here, in the ranking's own scale",
        lambda one: one.score,
        lambda one: _number(one.score),
    ),
    (
        "confidence",
        "how sure the attribute model is that the query has it, as a share of what it is surest of: no word on whether "
        "it explains the match",
        lambda one: one.confidence,
        lambda one: _share(one.confidence),
    ),
    (
        "map match",
        "how well the place where the attribute model sees it fits the map of the match, 0 to 1",
        lambda one: one.map_match,
        lambda one: _share(one.map_match),
    ),
    (
        "prior",
        "how often its absence lowered the score most on validation pairs, as a share of the most frequent; equal for "
        "all pairs",
        lambda one: one.prior,
        lambda one: _share(one.prior),
    ),
    (
        "expected effect",
        "how far the similarity is expected to fall without it, with its 95 % interval",
        lambda one: one.effect,
        _with_interval,
    ),
    (
        "query has it",
        "estimated probability that the query has it",
        lambda one: one.presence,
        lambda one: _share(one.presence),
    ),
    (
        "true effect",
        "how far the similarity really falls when the item is rendered without it",
        lambda one: one.true_effect,
        lambda one: _number(one.true_effect),
    ),
)
_MARKS = {True: ("✓", "labelled with it"), False: ("✗", "not labelled with it"), None: ("", "")}


def page_ranking(attributes: Sequence[PageAttribute], answer: str | None) -> Ranking | None:
    """Return the first ten attributes as a table with the columns that have any value; None without attributes.

    The attribute that answers is among them wherever it is ranked.
    """
    shown = [one for place, one in enumerate(attributes) if place < SHOWN or one.attribute == answer]
    if not shown:
        return None
    columns = [column for column in _COLUMNS if any(column[2](one) is not None for one in shown)]
    return Ranking(
        tuple((name, meaning) for name, meaning, _, _ in columns),
        tuple(
            RankingRow(
                one.attribute,
                one.attribute == answer,
                *_MARKS[one.is_labelled],
                tuple(show(one) for *_, show in columns),
            )
            for one in shown
        ),
        _note(attributes, answer),
    )


def _note(attributes: Sequence[PageAttribute], answer: str | None) -> str:
    """Return why the answer is not what is ranked first; nothing where it is, or where there is none."""
    above: list[PageAttribute] = []
    for one in attributes:
        if one.attribute == answer:
            break
        above.append(one)
    else:
        return ""
    if not above:
        return ""
    if all(one.is_labelled is False for one in above):
        return f"The answer is {answer}, the first of those that the query is labelled with (✓)."
    return f"The answer is {answer}, at place {len(above) + 1}."


def other_firsts(
    firsts: Mapping[str, str] | None, variant: str | None, *, are_controls: bool = False
) -> tuple[OtherFirst, ...]:
    """Return what the variants beside the one that answers name first, grouped by attribute, in reading order.

    Args:
        firsts: the attribute that each variant names first.
        variant: that answers.
        are_controls: random ones and controls are asked for; else the methods.
    """
    asked = {name: first for name, first in (firsts or {}).items() if is_method(name) is not are_controls}
    by_attribute = named_first(asked, variant)
    return tuple(OtherFirst(attribute, "; ".join(map(people_name, names))) for attribute, names in by_attribute.items())
