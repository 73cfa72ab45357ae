"""The checks of one pair's answer, each with its figures: chance, the next attribute, other images, probability."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.report.number_text import interval_text, number_text
from pipeline.report.replacement_test import ReplacementTest
from pipeline.report.table_row import TableRow

CHANCE, LEADS, LIKELY, PRESENT = 0.05, 0.95, 0.75, 0.5
_WHOLE = 100.0


@dataclass(frozen=True)
class NextBest:
    """The attribute ranked after the answer; both scores in the ranking's own scale."""

    attribute: str
    score: float
    answer_score: float


@dataclass(frozen=True)
class PairKnowledge:
    """What is known of a pair beside its answer.

    Attributes:
        replaced: the test with other images; None where it was not made.
        outcome: the answer's row of `audit_outcomes`, None where no truth is known.
        next_best: None where no other attribute may be named, or none is known.
        similarity: the model's score of the pair; None where it is not known.
    """

    replaced: ReplacementTest | None = None
    outcome: TableRow | None = None
    next_best: NextBest | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class Check:
    """One check of an answer.

    Attributes:
        name: what is checked.
        asked: what an answer must have to pass.
        found: the figures of this pair.
        passes: None where it could not be made.
        doubt: what it means that it does not pass, without capital letter and full stop; empty where it passes.
    """

    name: str
    asked: str
    found: str
    passes: bool | None
    doubt: str = ""


def answer_checks(answer: TableRow, known: PairKnowledge) -> tuple[Check, ...]:
    """Return the checks of a row of `answers` that names an attribute, in the order in which they are told."""
    made: tuple[Callable[[TableRow, PairKnowledge], Check | None], ...] = (
        _alike,
        _chance,
        _leads,
        _replaced,
        _probability,
    )
    return tuple(check for one in made if (check := one(answer, known)) is not None)


def change_words(change: float) -> str:
    """Return such as "falls by 0.123"."""
    return f"{'falls' if change < 0 else 'rises'} by {number_text(abs(change), decimals=3)}"


def _alike(answer: TableRow, known: PairKnowledge) -> Check | None:
    del answer
    if known.similarity is None:
        return None
    passes = known.similarity > 0
    doubt = "" if passes else "the model does not find the two alike, so there is hardly a match to explain"
    return Check("a match", "a similarity above 0", number_text(known.similarity, decimals=3), passes, doubt)


def _chance(answer: TableRow, known: PairKnowledge) -> Check:
    del known
    low, chance = answer["effect_low"], answer["p_value"]
    interval = interval_text(low, answer["effect_high"], decimals=3)
    found = f"expected fall {number_text(answer['effect'], decimals=3)} {interval}".rstrip()
    doubts = []
    if chance is not None:
        found = f"{found}; attributes that mean nothing give as much in {_percent(chance)} of cases"
        if chance > CHANCE:
            doubts.append(f"attributes that mean nothing give an effect as large in {_percent(chance)} of cases")
    if answer["told_by"] == "all_pairs":
        doubts.append("only over many pairs together is such an answer shown to matter, not for this pair alone")
    if low is not None and low <= 0:
        doubts.append("the interval of its expected effect reaches zero")
    is_known = low is not None or chance is not None
    if not is_known:
        doubts.append("neither an interval of its expected effect nor what chance gives is known")
    asked = f"the interval lies above 0, and chance gives as much in at most {_percent(CHANCE)} of cases"
    return Check("clear of chance", asked, found, not doubts if is_known else None, "; ".join(doubts))


def _leads(answer: TableRow, known: PairKnowledge) -> Check | None:
    share, after = answer.get("agreement"), known.next_best
    if share is None or answer["candidates"] < 2:
        return None
    found = f"it has the largest expected fall in {_percent(share)} of refits on other draws of the training images"
    doubt = "another attribute might as well come first"
    if after is not None:
        own, other = (number_text(score, decimals=3) for score in (after.answer_score, after.score))
        found = f"{found}; its score is {own}, that of the next, {after.attribute}, {other}"
        doubt = f"{doubt}, such as {after.attribute}"
    passes = share >= LEADS
    asked = f"it comes first in at least {_percent(LEADS)} of the refits"
    return Check("ahead of the next attribute", asked, found, passes, "" if passes else doubt)


def _replaced(answer: TableRow, known: PairKnowledge) -> Check:
    del answer
    asked = "the similarity falls further with images that lack it than with images as different that keep it"
    name, tested = "test with other images", known.replaced
    change = None if tested is None else tested.counts
    if tested is None or change is None:
        why = "not made for this pair" if tested is None else "no image like the query lacks it"
        return Check(name, asked, why, None, "it was not tested with other images in the query’s place")
    if tested.matched_effect is None:
        found = f"with images that lack it the similarity {change_words(change)}; none as different that keep it"
        doubt = "no images as different that keep it were found to compare with"
        return Check(name, asked, found, False if tested.contradicts else None, doubt)
    found = f"the similarity {change_words(change)}, compared with images as different that keep it"
    doubt = "the test with other images contradicts it" if tested.contradicts else ""
    return Check(name, asked, found, not tested.contradicts, doubt)


def _probability(answer: TableRow, known: PairKnowledge) -> Check | None:
    del known
    probability = answer["probability"]
    if probability is None:
        return None
    if answer["probability_of"] == "largest_true_effect":
        passes = probability >= LIKELY
        return Check(
            "right as often in pairs of known truth",
            f"at least {_percent(LIKELY)}",
            f"{_percent(probability)} of such answers name an attribute that matters most, or nearly",
            passes,
            "" if passes else f"of such answers only {_percent(probability)} are right where the truth is known",
        )
    passes = probability >= PRESENT
    doubt = "" if passes else "the query probably does not have it"
    return Check("the query has it", f"at least {_percent(PRESENT)}", _percent(probability), passes, doubt)


def _percent(share: float) -> str:
    return f"{number_text(share, _WHOLE, 0)} %"
