"""How sure the answer of one pair is, by a stated rule, and the heading that follows from it."""

from dataclasses import dataclass
from typing import Final

from pipeline.report.answer_checks import Check, PairKnowledge, answer_checks, change_words
from pipeline.report.answer_text import answer_text, sentence
from pipeline.report.number_text import number_text
from pipeline.report.table_row import TableRow

SURE, UNSURE, CONTRADICTED, NOTHING = "sure", "unsure", "contradicted", "nothing to be sure of"
LEVELS: Final = (SURE, UNSURE, CONTRADICTED, NOTHING)
RULE: Final = (
    "Sure: every check here passes. Unsure: one does not, or the test with other images could not be made. "
    "Contradicted: with images that lack the attribute in the query’s place the similarity does not fall further than "
    "with images as different that keep it (where no such are known: it rises). Where the truth is measured, it alone "
    "decides."
)


@dataclass(frozen=True)
class HowSure:
    """How sure an answer is.

    Attributes:
        level: "sure", "unsure", "contradicted", or "nothing to be sure of" where no attribute is known.
        heading: what may be said of the match.
        reason: why, a sentence or two.
        checks: with the figures behind it; none where no attribute is named.
        is_measured: whether the measured truth decided.
    """

    level: str
    heading: str
    reason: str
    checks: tuple[Check, ...] = ()
    is_measured: bool = False

    @property
    def line(self) -> str:
        """The level and its reason in a line of text."""
        return f"How sure: {self.level}. {self.reason}"


def how_sure(answer: TableRow, known: PairKnowledge) -> HowSure:
    """Return how sure a row of the table `answers` is, by `RULE`."""
    if answer["attribute"] is None:
        return _without_answer(answer, known)
    checks = answer_checks(answer, known)
    truth = _by_truth(answer, known, checks)
    if truth is not None:
        return truth
    name = answer["attribute"]
    tested, expected = known.replaced, number_text(answer["effect"], decimals=3)
    if tested is not None and tested.contradicts:
        beside = "" if tested.matched_effect is None else ", compared with images as different that keep it"
        reason = (
            f"Without {name} the similarity was expected to fall by {expected}; with images that lack it in the "
            f"query’s place it {change_words(tested.counts or 0.0)}{beside}."
        )
        return HowSure(CONTRADICTED, _contradicted(name), reason, checks)
    doubts = [check.doubt for check in checks if not check.passes]
    if doubts:
        return HowSure(UNSURE, f"{name} may explain this match", f"{sentence('; '.join(doubts))}.", checks)
    reason = "Each check of this pair speaks for the answer"
    if answer["probability_of"] != "largest_true_effect":
        reason += "; it can still be wrong, for nobody knows the truth of these images"
    return HowSure(SURE, f"{name} explains this match", f"{reason}.", checks)


def _contradicted(name: str) -> str:
    return f"{name} was expected to explain this match, but the test contradicts it"


def _by_truth(answer: TableRow, known: PairKnowledge, checks: tuple[Check, ...]) -> HowSure | None:
    """Return what follows from the measured truth; None where it is not known, or not of the attribute itself."""
    outcome, name = known.outcome, answer["attribute"]
    if outcome is None or outcome["best_effect"] is None:
        return None
    if outcome["eligible"] and outcome["effect"] is None:
        return None
    if outcome["eligible"] and outcome["hit"]:
        reason = "The item rendered without it shows that it matters most, or nearly."
        return HowSure(SURE, f"{name} explains this match", reason, checks, is_measured=True)
    reason = "The item rendered without each attribute shows that another matters more."
    if not outcome["eligible"]:
        reason = "The item rendered without each attribute shows that none of them matters."
    return HowSure(CONTRADICTED, _contradicted(name), reason, checks, is_measured=True)


def _without_answer(answer: TableRow, known: PairKnowledge) -> HowSure:
    heading, outcome = answer_text(answer).headline, known.outcome
    if answer["reason"] == "no_candidates":
        return HowSure(NOTHING, heading, "No attribute is known of this query, so none could be named.")
    if outcome is not None and outcome["best_effect"] is not None:
        if not outcome["eligible"]:
            reason = "The item rendered without each attribute shows that none of them matters."
            return HowSure(SURE, heading, reason, is_measured=True)
        reason = "The item rendered without each attribute shows that one of them matters."
        found_one = "No attribute was found for this match, but the test shows one"
        return HowSure(CONTRADICTED, found_one, reason, is_measured=True)
    reason = "What attributes seem to matter here, attributes that mean nothing to the model would seem to as well."
    change = None if known.replaced is None else known.replaced.matched_effect
    if change is not None and change < 0:
        reason += (
            f" But with images that lack {answer['leading_attribute']} the similarity {change_words(change)}, "
            "compared with images as different that keep it."
        )
    return HowSure(UNSURE, heading, reason)
