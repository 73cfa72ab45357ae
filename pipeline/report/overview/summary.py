"""The answer in sentences: what the model matches by, overall, and how much that is."""

from collections.abc import Sequence
from math import isnan

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.evidence import RunFacts
from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import PERCENT, count_text, interval_text, number_text
from pipeline.report.overview.check import BAD
from pipeline.report.overview.shares import AttributeShare
from pipeline.report.overview.trust import Verdict
from pipeline.report.pair_table import PairTable
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import people_name

_NAMED_FIRST = 3
_SMALL_SHARE = 0.01


def answer_sentences(
    facts: RunFacts, shares: Sequence[AttributeShare], unanswered: Interval, judged: Verdict
) -> tuple[str, ...]:
    """Return what the model matches by: its leading attributes with shares, then the effect of the first of them."""
    pairs = f"{count_text(unanswered.n)} test pairs of {facts.dataset}"
    if not shares:
        return (f"No attribute explains any of the matches of the model {facts.similarity_model} on {pairs}.",)
    named = [f"{one.attribute} ({share_text(one.share)} of the pairs)" for one in shares[:_NAMED_FIRST]]
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    claim = "seems to match most often by" if judged.outcome == BAD else "matches most often by"
    first = shares[0]
    return (
        f"The model {facts.similarity_model} {claim} {listed}.",
        f"This is from {pairs}; in brackets 95 % intervals. Without {first.attribute} the similarity of the pairs "
        f"that it explains{_from_text(first.similarity)} is expected to fall by {effect_text(first.effect)}.",
        f"For {count_text(round(unanswered.value * unanswered.n))} of the pairs ({share_text(unanswered)}) no "
        "attribute explains the match.",
    )


def _from_text(similarity: float) -> str:
    return "" if isnan(similarity) else f", {number_text(similarity, decimals=3)} on average,"


def source_sentence(choice: Sequence[TableRow]) -> str:
    """Return who gives the answers and why, a sentence or two; nothing where none does."""
    chosen = next((row for row in choice if row["is_chosen"]), None)
    if chosen is None:
        return ""
    machine = chosen["variant"]
    told = f"The answers come from {people_name(machine)} ({machine} in the configuration)."
    if len(choice) < 2:
        return told
    if chosen["matched_effect"] < max(row["matched_effect"] for row in choice):
        return f"{told} The configuration names this method; another’s attributes matter more on validation pairs."
    return (
        f"{told} Of the {count_text(len(choice))} methods that compete to answer (random ones and controls do not) "
        "it is the one whose attributes matter most on validation pairs, on which no network was trained."
    )


def replaced_sentence(expected: Interval, measured: Estimate | None) -> str:
    """Return how the expected fall of the answers compares with what the changed images show.

    Args:
        expected: mean expected fall over all pairs with an answer.
        measured: matched effect of the answers.
    """
    if measured is None or measured.value is None or isnan(expected.value):
        return "It is a linear estimate, and was not compared with changed images in this run."
    start = (
        f"It is a linear estimate for the attribute alone: {effect_text(expected)} over all pairs with an answer. With "
        "other images in the query’s place that lack the attribute the similarity falls further than with images as "
        f"different that keep it, by {number_text(measured.value, decimals=3)} "
        f"{interval_text(measured.low, measured.high, 1.0, 3)}".rstrip()
    )
    low = measured.value if measured.low is None else measured.low
    if low <= 0:
        return f"{start}, which is not shown to be more than nothing: do not read it as an amount."
    high = measured.value if measured.high is None else measured.high
    is_known = not isnan(expected.low) and not isnan(expected.high)
    if low > (expected.high if is_known else expected.value):
        return f"{start}, more than expected; such images may also lack what goes with the attribute."
    if high < (expected.low if is_known else expected.value):
        return f"{start}, less than expected: read it as an order of attributes rather than as an amount."
    return f"{start}, about as much as expected."


def sure_by_text(pairs: PairTable) -> str:
    """Return by what answers are called sure or not, to end a sentence; with pairs that have no cause, their number."""
    named = [row for row, attribute in enumerate(pairs.attributes) if attribute is not None]
    judged = [one for one in (pairs.sure[row] for row in named) if one is not None]
    if not judged or not all(one.is_measured for one in judged):
        return "each by the checks of its own pair; the page of a pair shows them"
    outcomes = [pairs.knowledge[row].outcome for row in named]
    causeless = sum(outcome is not None and not outcome["eligible"] for outcome in outcomes)
    told = "each by the measured truth of its pair"
    if causeless == 0:
        return told
    return f"{told}; of the contradicted, {count_text(causeless)} answer where no attribute of the query matters"


def share_text(interval: Interval) -> str:
    """Return a share with its interval, such as "34 % [28, 41]"; one below 1 % with one decimal."""
    decimals = 1 if 0 < interval.value < _SMALL_SHARE else 0
    ends = interval_text(interval.low, interval.high, PERCENT, decimals)
    return f"{number_text(interval.value, PERCENT, decimals)} % {ends}".strip()


def effect_text(interval: Interval) -> str:
    """Return an effect with its interval, such as "0.123 [0.101, 0.150]"."""
    ends = interval_text(interval.low, interval.high, 1.0, 3)
    return f"{number_text(interval.value, decimals=3)} {ends}".strip()
