"""How far to trust the answers: checks with their figures, and the verdict that follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.shared_units import few_clusters
from pipeline.report.evidence import TableRow
from pipeline.report.few_clusters import SEVERAL
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import PERCENT, count_text, interval_text, number_text, p_value_text
from pipeline.report.pair_table import PairTable

GOOD: Final = "good"
WEAK: Final = "weak"
BAD: Final = "bad"

# Normalised regret of the answers: 0 is always the best attribute, 1 a random one of the query's.
_GOOD_REGRET: Final = 0.5
_GOOD_CALIBRATION: Final = 0.1
_MUCH_UNANSWERED: Final = 0.5
_SIGNIFICANT: Final = 0.05
_ENOUGH_ALIKE: Final = 0.9
_MUCH_TOGETHER: Final = 0.5
# What speaks for the answers fills a list of its own; what speaks against them is always told in full.
_TOLD_REASONS: Final = 2


@dataclass(frozen=True)
class Check:
    """One thing that speaks for or against the answers.

    Attributes:
        name: in a few words.
        figure: as it is printed.
        outcome: `GOOD`, `WEAK` or `BAD`.
        reading: what the figure says here, a sentence that begins in lower case, without its stop.
        meaning: what is measured, a sentence or two.
    """

    name: str
    figure: str
    outcome: str
    reading: str
    meaning: str


@dataclass(frozen=True)
class Verdict:
    """What follows from all checks; `outcome` as of `Check`."""

    outcome: str
    headline: str
    reasons: tuple[str, ...]


def trust_checks(
    choice: Sequence[TableRow],
    metrics: MetricTable,
    unanswered: Interval,
    clusters: tuple[int, str],
    pairs: PairTable,
) -> list[Check]:
    """Return the checks that can be made, in the order of their weight; without answers there is none to make.

    Args:
        choice: rows of the table `answer_choice`.
        metrics: all figures.
        unanswered: share of the pairs that no attribute explains.
        clusters: how many units the pairs come from, and what these are.
        pairs: all of them.
    """
    checks = [
        *_audit_checks(metrics),
        *_held_out_check(choice),
        *_test_check(metrics),
        *_constant_check(metrics),
        _unanswered_check(unanswered),
        *_together_check([row for row in pairs.answers if row is not None and row["attribute"] is not None]),
        *_alike_check(pairs.similarity_p),
    ]
    n_clusters, cluster_unit = clusters
    if few_clusters(n_clusters):
        units = SEVERAL[cluster_unit]
        checks.append(
            Check(
                f"{units} behind the figures",
                count_text(n_clusters),
                WEAK,
                f"the pairs come from {count_text(n_clusters)} {units} only",
                f"Intervals speak of these {units} alone, not of others.",
            )
        )
    return checks


def verdict(checks: Sequence[Check], is_audited: bool) -> Verdict:
    """Return whether to trust the answers: one bad check is enough to say no, one weak one to say with care.

    Args:
        checks: what `trust_checks` returned.
        is_audited: the true cause of matches is known, and the answers were compared with it.
    """
    bad = tuple(check.reading for check in checks if check.outcome == BAD)
    weak = tuple(check.reading for check in checks if check.outcome == WEAK)
    good = tuple(check.reading for check in checks if check.outcome == GOOD)[:_TOLD_REASONS]
    if bad or not good:
        return Verdict(BAD, "Do not trust these answers", bad or weak or ("nothing here speaks for them",))
    if weak:
        return Verdict(WEAK, "Trust these answers with care", weak)
    if is_audited:
        return Verdict(GOOD, "You can trust these answers", good)
    return Verdict(GOOD, "The evidence supports these answers; their truth cannot be checked here", good)


def _held_out_check(choice: Sequence[TableRow]) -> list[Check]:
    chosen = next((row for row in choice if row["is_chosen"]), None)
    if chosen is None:
        return []
    low, value = chosen["ci_low"], chosen["matched_effect"]
    found = Estimate(value, low, chosen["ci_high"])
    outcome, reading = _above_zero(found, "on validation pairs")
    meaning = (
        f"On {count_text(chosen['n'])} validation pairs, on which no network was trained, the query is replaced by "
        "images that lack the attribute named: how far the similarity falls, beyond what replacements as different "
        "that keep it cost."
    )
    return [Check("attributes matter on held-out pairs", _effect_text(found), outcome, reading, meaning)]


def _test_check(metrics: MetricTable) -> list[Check]:
    found = metrics.of_variant("answer", "matched_effect", ANSWER)
    if found is None or found.value is None:
        return []
    outcome, reading = _above_zero(found, "on the pairs of this report")
    meaning = "The same, of the pairs that are explained here. 0: naming the attribute tells nothing."
    return [Check("attributes matter on these pairs", _effect_text(found), outcome, reading, meaning)]


def _constant_check(metrics: MetricTable) -> list[Check]:
    compared = metrics.all_of("answer_comparison", "matched_effect_difference")
    found = next((one for one in compared if one.compared_with == "best_constant"), None)
    if found is None or found.value is None:
        return []
    is_told = found.p_value is not None and found.p_value < _SIGNIFICANT
    outcome = (GOOD if found.value > 0 else BAD) if is_told else WEAK
    reading = {
        GOOD: "they do better than naming one attribute for every pair",
        WEAK: "they are not shown to do better than naming one attribute for every pair",
        BAD: "naming one and the same attribute for every pair does better",
    }[outcome]
    p_value = p_value_text(found.p_value, found.p_is_bound)
    figure = f"{_effect_text(found)}, p {p_value if p_value[0] in '<≤' else '= ' + p_value}"
    meaning = (
        "The effect of the answers minus that of the one attribute that is best for all pairs together; p after Holm’s "
        "correction for all comparisons made."
    )
    return [Check("better than a constant", figure, outcome, reading, meaning)]


def _audit_checks(metrics: MetricTable) -> list[Check]:
    regret = metrics.of_variant("audit", "normalised_regret", ANSWER)
    if regret is None or regret.value is None:
        return []
    high = regret.high if regret.high is not None else regret.value
    outcome = GOOD if high < _GOOD_REGRET else WEAK if high < 1 else BAD
    reading = {
        GOOD: "they name the true cause or one nearly as strong",
        WEAK: "they beat a random attribute of the query, but miss much of the strongest true cause",
        BAD: "they are not shown to be nearer to the true cause than a random attribute of the query",
    }[outcome]
    figure = f"{number_text(regret.value, decimals=2)} {interval_text(regret.low, regret.high, decimals=2)}".strip()
    meaning = (
        "The items are rendered again with one attribute changed, so the true effect of each is known. Normalised "
        "regret: how much of the strongest true effect the answers miss; 0 is nothing, 1 as much as a random one."
    )
    checks = [Check("agreement with the truth", figure, outcome, reading, meaning)]
    hit = metrics.of_variant("audit", "hit_at_1", ANSWER)
    if hit is not None and hit.value is not None:
        share = f"{number_text(hit.value, PERCENT, 0)} %"
        ends = interval_text(hit.low, hit.high, PERCENT, 0)
        checks.append(
            Check(
                "right answers",
                f"{share} {ends}".strip(),
                GOOD if hit.value >= 0.5 else WEAK,
                f"{share} of them name an attribute with at least 90 % of the strongest true effect",
                "Share of the pairs with a true cause whose answer has at least 90 % of the strongest true effect.",
            )
        )
    return checks + _calibration_check(metrics)


def _calibration_check(metrics: MetricTable) -> list[Check]:
    error = metrics.of_variant("audit", "expected_calibration_error", ANSWER)
    if error is None or error.value is None:
        return []
    points = number_text(error.value, PERCENT, 0)
    is_good = error.value <= _GOOD_CALIBRATION
    reading = f"their stated probabilities are off by {points} points on average"
    meaning = "Mean distance, in points of 100, between the probability stated and the share of right answers."
    outcome = GOOD if is_good else WEAK
    return [Check("probabilities mean what they say", f"{points} points", outcome, reading, meaning)]


def _unanswered_check(unanswered: Interval) -> Check:
    share = number_text(unanswered.value, PERCENT, 0)
    outcome = BAD if unanswered.value >= 1 else WEAK if unanswered.value > _MUCH_UNANSWERED else GOOD
    reading = f"for {share} % of the pairs no attribute explains the match"
    meaning = (
        "Where no attribute’s effect is larger than chance would give, the report says so instead of naming one. Many "
        "such pairs mean that the model matches by something that the attributes do not name."
    )
    return Check("pairs without an answer", f"{share} %", outcome, reading, meaning)


def _together_check(answers: Sequence[TableRow]) -> list[Check]:
    """Return a doubt where most answers hold only taken together."""
    together = sum(row.get("told_by") == "all_pairs" for row in answers)
    if not answers or together / len(answers) <= _MUCH_TOGETHER:
        return []
    counted = f"{count_text(together)} of {count_text(len(answers))}"
    reading = f"{counted} answers are shown to matter only taken together, not for their pair alone"
    meaning = (
        "For a pair alone the effect has to be larger than what attributes that mean nothing to the model give in 95 % "
        "of cases. Read shares and means, not the answer of one pair."
    )
    return [Check("answers of single pairs", counted, WEAK, reading, meaning)]


def _alike_check(similarity_p: npt.NDArray[np.float64]) -> list[Check]:
    """Return a doubt where the model does not find many of the pairs alike; that it does says nothing for answers."""
    known = similarity_p[~np.isnan(similarity_p)]
    if len(known) == 0 or (known > 0).mean() >= _ENOUGH_ALIKE:
        return []
    share = float((known > 0).mean())
    told = number_text(1 - share, PERCENT, 0)
    reading = f"the model scores {told} % of the pairs at or below 0, so that there is no match to explain"
    meaning = (
        "Similarities of unrelated images lie around 0. Pairs are chosen by the dataset’s labels or lists, not by the "
        "model, so it need not find them alike."
    )
    figure = f"{number_text(share, PERCENT, 0)} % above 0, mean {number_text(float(known.mean()), decimals=3)}"
    return [Check("similarity of the pairs", figure, WEAK, reading, meaning)]


def _above_zero(found: Estimate, where: str) -> tuple[str, str]:
    if found.value is None or found.value <= 0:
        return BAD, f"{where} the similarity does not fall without the attributes named"
    if found.low is None:
        return WEAK, f"{where} there are too few to say whether the similarity falls without the attributes named"
    if found.low <= 0:
        return BAD, f"{where} the similarity is not shown to fall without the attributes named"
    return GOOD, f"{where} the similarity does fall without the attributes named"


def _effect_text(found: Estimate) -> str:
    ends = interval_text(found.low, found.high, decimals=3)
    return f"{number_text(found.value, decimals=3)} {ends}".strip()
