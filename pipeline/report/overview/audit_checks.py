"""Checks of the answers against the truth, which is known of rendered items."""

from typing import Final

from pipeline.evaluation.audit.answers import ANSWER
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import PERCENT, number_text
from pipeline.report.overview.check import BAD, GOOD, WEAK, Check, figure_text, percent_text, upper_end

# Normalised regret of the answers: 0 is always the best attribute, 1 a random one of the query's.
_GOOD_REGRET: Final = 0.5
_GOOD_CALIBRATION: Final = 0.1


def audit_checks(metrics: MetricTable) -> list[Check]:
    """Return how the answers compare with the true causes of matches; none where these are not known."""
    regret = metrics.of_variant("audit", "normalised_regret", ANSWER)
    if regret is None or regret.value is None:
        return []
    high = upper_end(regret)
    outcome = GOOD if high < _GOOD_REGRET else WEAK if high < 1 else BAD
    reading = {
        GOOD: "they name the true cause or one nearly as strong",
        WEAK: "they beat a random attribute of the query, but miss much of the strongest true cause",
        BAD: "they are not shown to be nearer to the true cause than a random attribute of the query",
    }[outcome]
    meaning = (
        "The items are rendered again with one attribute changed, so the true effect of each is known. Normalised "
        "regret: how much of the strongest true effect the answers miss; 0 is nothing, 1 as much as a random one."
    )
    checks = [Check("agreement with the truth", figure_text(regret, 2), outcome, reading, meaning)]
    hit = metrics.of_variant("audit", "hit_at_1", ANSWER)
    if hit is not None and hit.value is not None:
        share = f"{number_text(hit.value, PERCENT, 0)} %"
        checks.append(
            Check(
                "right answers",
                percent_text(hit),
                GOOD if hit.value >= 0.5 else WEAK,
                f"where an attribute matters, {share} of them name one with at least 90 % of the strongest effect",
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
