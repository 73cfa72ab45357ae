"""How far to trust the answers: checks with their figures, and the verdict that follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.shared_units import few_clusters
from pipeline.report.evidence import OutfitFacts
from pipeline.report.few_clusters import SEVERAL
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import PERCENT, count_text, number_text, p_value_text
from pipeline.report.overview.audit_checks import audit_checks
from pipeline.report.overview.check import BAD, GOOD, WEAK, Check, figure_text, percent_text
from pipeline.report.overview.edit_checks import edit_checks
from pipeline.report.overview.shares import contradicted_share
from pipeline.report.pair_table import PairTable
from pipeline.report.table_row import TableRow

_MUCH_UNANSWERED: Final = 0.5
_SIGNIFICANT: Final = 0.05
_ENOUGH_ALIKE: Final = 0.9
# Fewer change no share of the answers by more than a tenth.
_MANY_SEEN: Final = 0.1
_MUCH_TOGETHER: Final = 0.5
# Of the answers: an attribute that means nothing falls short of its control in half of the pairs.
_BY_CHANCE: Final = 0.5
_MANY_CONTRADICTED: Final = 0.25
# What speaks for the answers fills a list of its own; what speaks against them is always told in full.
_TOLD_REASONS: Final = 2


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
    outfits: OutfitFacts | None = None,
) -> list[Check]:
    """Return the checks that can be made, in the order of their weight; without answers there is none to make.

    Args:
        choice: rows of the table `answer_choice`.
        metrics: all figures.
        unanswered: share of the pairs that no attribute explains.
        clusters: how many units the pairs come from, and what these are.
        pairs: all of them.
        outfits: None where the dataset has none.
    """
    checks = [
        *audit_checks(metrics),
        *_held_out_check(choice),
        *_test_check(metrics),
        *_constant_check(metrics),
        *edit_checks(choice, metrics, len(pairs)),
        _unanswered_check(unanswered),
        *_contradicted_check(contradicted_share(pairs)),
        *_together_check([row for row in pairs.answers if row is not None and row["attribute"] is not None]),
        *_alike_check(pairs.similarity_p),
        *_seen_check(outfits, len(pairs)),
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
    return [Check("attributes matter on held-out pairs", figure_text(found), outcome, reading, meaning)]


def _test_check(metrics: MetricTable) -> list[Check]:
    found = metrics.of_variant("answer", "matched_effect", ANSWER)
    if found is None or found.value is None:
        return []
    outcome, reading = _above_zero(found, "on the pairs of this report")
    meaning = "The same, of the pairs that are explained here. 0: naming the attribute tells nothing."
    return [Check("attributes matter on these pairs", figure_text(found), outcome, reading, meaning)]


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
    figure = f"{figure_text(found)}, p {p_value if p_value[0] in '<≤' else '= ' + p_value}"
    meaning = (
        "The effect of the answers minus that of the one attribute that is best for all pairs together; p after Holm’s "
        "correction for all comparisons made."
    )
    return [Check("better than a constant", figure, outcome, reading, meaning)]


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


def _contradicted_check(share: Interval) -> list[Check]:
    """Return how often the test of the pair itself contradicts its answer; nothing where none was tested."""
    if share.n == 0:
        return []
    high = share.value if math.isnan(share.high) else share.high
    outcome = BAD if high >= _BY_CHANCE else WEAK if high >= _MANY_CONTRADICTED else GOOD
    told = number_text(share.value, PERCENT, 0)
    reading = f"{told} % of the answers that were tested with other images are contradicted by their own pair’s test"
    meaning = (
        f"For {count_text(share.n)} answers other images that lack the attribute took the query’s place. Contradicted: "
        "the similarity falls no further than with images as different that keep it (without such images: it does not "
        "fall). For attributes that mean nothing that is so in about half. A few images tell little of one pair; its "
        "page says what they told."
    )
    figure = percent_text(Estimate(share.value, share.low, share.high))
    return [Check("answers contradicted by other images", figure, outcome, reading, meaning)]


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


def _seen_check(outfits: OutfitFacts | None, n_pairs: int) -> list[Check]:
    """Return a doubt where many of the pairs hold an item of training outfits.

    It never speaks against the answers: they say what the model does with these pairs, seen before or not.
    """
    if outfits is None or outfits.pairs_seen_in_training is None or n_pairs == 0:
        return []
    seen = outfits.pairs_seen_in_training
    counted = f"{count_text(seen)} of {count_text(n_pairs)}"
    outcome = WEAK if seen / n_pairs > _MANY_SEEN else GOOD
    reading = f"{counted} test pairs hold an item that is also in a training outfit"
    meaning = (
        f"Of the images of the test split {count_text(outfits.test_items_in_training)} are in training outfits, too. A "
        "model that learned from these knows their pictures, so it may match pairs of new items by something else."
    )
    return [Check("items seen in training", f"{counted} pairs", outcome, reading, meaning)]


def _above_zero(found: Estimate, where: str) -> tuple[str, str]:
    if found.value is None or found.value <= 0:
        return BAD, f"{where} the similarity does not fall without the attributes named"
    if found.low is None:
        return WEAK, f"{where} there are too few to say whether the similarity falls without the attributes named"
    if found.low <= 0:
        return BAD, f"{where} the similarity is not shown to fall without the attributes named"
    return GOOD, f"{where} the similarity does fall without the attributes named"
