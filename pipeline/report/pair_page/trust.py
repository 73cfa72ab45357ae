"""How far one pair's answer can be trusted, in plain words."""

from dataclasses import dataclass

from pipeline.report.answer_text import sentence
from pipeline.report.evidence import TableRow
from pipeline.report.number_text import number_text

_LIKELY, _AS_LIKELY = 0.75, 0.5
_CHANCE = 0.05


@dataclass(frozen=True)
class Trust:
    """How far to trust an answer.

    Attributes:
        level: "good", "fair", "weak", or "none" where there is nothing to trust.
        headline: in a few words.
        reason: a sentence or two.
    """

    level: str
    headline: str
    reason: str


def trust_of(answer: TableRow) -> Trust:
    """Return how far to trust a row of the table `answers`.

    Calibrated on pairs of known truth, a probability decides: 75 % is good, 50 % is fair. Elsewhere nothing says how
    often such answers are right, so that none is better than fair.
    """
    if answer["attribute"] is None:
        return _without_answer(answer)
    if answer["told_by"] == "all_pairs":
        return Trust(
            "weak",
            "Do not rely on it for this pair alone",
            "Use such answers taken together, as on the overview.",
        )
    probability = answer["probability"]
    if probability is not None and answer["probability_of"] == "largest_true_effect":
        return _calibrated(float(probability))
    return _uncalibrated(answer)


def _without_answer(answer: TableRow) -> Trust:
    if answer["reason"] == "no_candidates":
        return Trust("none", "Nothing to trust", "No attribute is known of this query, so none could be named.")
    return Trust(
        "none",
        "Name no attribute for this pair",
        "What attributes seem to matter here, attributes that mean nothing to the model would seem to as well.",
    )


def _calibrated(probability: float) -> Trust:
    share = number_text(probability, 100.0, 0)
    known = (
        f"Of validation pairs whose truth is known, {share} of 100 with an answer like this one name an attribute "
        "that matters most, or nearly."
    )
    if probability >= _LIKELY:
        return Trust("good", "It can be trusted", known)
    if probability >= _AS_LIKELY:
        return Trust("fair", "More likely right than wrong", known)
    return Trust("weak", "More likely wrong than right", known)


def _uncalibrated(answer: TableRow) -> Trust:
    chance, presence = answer["p_value"], answer["probability"]
    doubts = []
    if chance is not None and chance > _CHANCE:
        doubts.append(
            f"attributes that mean nothing give an effect as large in {number_text(chance, 100.0, 0)} % of cases"
        )
    if answer["effect_low"] is not None and answer["effect_low"] <= 0:
        doubts.append("the interval of its effect reaches zero")
    if presence is not None and presence < _AS_LIKELY:
        doubts.append("the query probably does not have it")
    if doubts:
        return Trust("weak", "Take it with doubt", f"{sentence('; '.join(doubts))}.")
    return Trust(
        "fair",
        "Its effect is larger than chance would give",
        "That it is the one that matters most is not known: these images have no truth to compare with.",
    )
