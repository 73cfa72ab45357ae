"""Comparisons where the truth is known, on pairs that not all measures have, and broken copies that must be noticed."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import comparisons as module
from pipeline.evaluation.bootstrap import Ratio, clustered_difference_interval
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(11)
CLUSTERS = np.arange(240) // 4
# Pairs differ by far more than measures do: only a paired comparison sees the difference.
HARDNESS = RNG.normal(0, 1, 240)
SECOND = HARDNESS + RNG.normal(0, 0.01, 240)
BETTER = SECOND + 0.02 + RNG.normal(0, 0.01, 240)
ALIKE = SECOND + np.repeat([0.01, -0.01], 120)
OPTIONS = {"seed": 3, "samples": 1000}


def on_some_pairs(values: np.ndarray) -> np.ndarray:
    """The measure of a generator that covers the easiest third alone: its own mean says nothing of the others'."""
    kept = np.zeros(240, dtype=bool)
    kept[np.argsort(HARDNESS)[-80:]] = True
    return np.where(kept, values, np.nan)


def assert_known_differences(compare=module.paired_comparisons) -> None:
    found = compare([(BETTER, SECOND), (ALIKE, SECOND), (on_some_pairs(BETTER), SECOND)], CLUSTERS, **OPTIONS)
    assert [one.interval.n for one in found] == [240, 240, 80]
    assert found[0].interval.value == pytest.approx((BETTER - SECOND).mean(), abs=1e-12)
    assert found[0].interval.low > 0
    assert found[0].p_value < 0.01
    assert found[1].interval.value == pytest.approx(0, abs=1e-12)
    assert found[1].p_value > 0.5
    shared = np.isfinite(on_some_pairs(BETTER))
    assert found[2].interval.value == pytest.approx((BETTER - SECOND)[shared].mean(), abs=1e-12)
    assert found[2].interval.high < 0.1


def test_differences_are_those_of_the_pairs_that_both_have() -> None:
    assert_known_differences()


def assert_corrected_by_holm(compare=module.paired_comparisons) -> None:
    slight = SECOND + np.where(np.arange(240) % 8 < 5, 0.02, -0.02) + RNG.normal(0, 0.001, 240)
    slighter = SECOND + np.where(CLUSTERS % 5 < 3, 0.02, -0.02)
    firsts = [slight, slighter, BETTER]
    ones = np.ones(240)
    raw = [
        clustered_difference_interval(Ratio(first, ones), Ratio(SECOND, ones), CLUSTERS, **OPTIONS).p_value
        for first in firsts
    ]
    smallest, middle, largest = sorted(raw)
    assert smallest < middle < largest < 0.5
    by_hand = {
        smallest: 3 * smallest,
        middle: max(3 * smallest, 2 * middle),
        largest: max(3 * smallest, 2 * middle, largest),
    }
    found = compare([(first, SECOND) for first in firsts], CLUSTERS, **OPTIONS)
    assert [one.p_value for one in found] == pytest.approx([by_hand[p_value] for p_value in raw])


def test_p_values_are_corrected_over_all_comparisons() -> None:
    assert_corrected_by_holm()


def assert_a_clear_difference_survives_many(compare=module.paired_comparisons) -> None:
    measures = [(BETTER, SECOND), *[(ALIKE, SECOND)] * 59]
    found = compare(measures, CLUSTERS, seed=3, samples=100)
    assert found[0].p_value < 0.025
    assert all(one.p_value == 1 for one in found[1:])


def test_a_clear_difference_among_many_comparisons_stays_one() -> None:
    assert_a_clear_difference_survives_many()


def assert_ratios_are_of_sums(compare=module.paired_comparisons) -> None:
    weights = RNG.uniform(0.5, 2, 240)
    first, second = Ratio(BETTER * weights, weights), Ratio(SECOND, np.ones(240))
    (found,) = compare([(first, second)], CLUSTERS, **OPTIONS)
    assert found.interval.value == pytest.approx((BETTER * weights).sum() / weights.sum() - SECOND.mean(), abs=1e-12)
    assert found == clustered_difference_interval(first, second, CLUSTERS, **OPTIONS)


def test_ratios_of_sums_are_compared_as_means_are() -> None:
    assert_ratios_are_of_sums()


def assert_samples_stay(compare=module.paired_comparisons) -> None:
    measures = [(BETTER, SECOND)] * 20
    found = compare(measures, CLUSTERS, seed=3, samples=100, samples_per_comparison=0)
    assert [one.p_value for one in found] == pytest.approx([20 * 2 / 101] * 20)


def test_samples_are_raised_only_where_asked_for() -> None:
    assert_samples_stay()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("Ratio(np.asarray(measure, np.float64),", "Ratio(np.nan_to_num(measure),", assert_known_differences),
        ("for first, second in measures", "for second, first in measures", assert_known_differences),
        ("zip(differences, corrected,", "zip(differences, corrected[::-1],", assert_corrected_by_holm),
        ("corrected = holm(", "corrected = (", assert_corrected_by_holm),
        ("SAMPLES_PER_COMPARISON = 80", "SAMPLES_PER_COMPARISON = 1", assert_a_clear_difference_survives_many),
        (
            "return measure if isinstance(measure, Ratio)",
            "return Ratio(measure.numerator_p / measure.denominator_p, np.ones(240)) if isinstance(measure, Ratio)",
            assert_ratios_are_of_sums,
        ),
        ("samples = max(samples, samples_per_comparison *", "samples = max(samples, 80 *", assert_samples_stay),
    ],
    ids=[
        "missing counts as 0",
        "second minus first",
        "another's p-value",
        "not corrected",
        "too few samples",
        "mean of ratios",
        "more samples than asked for",
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        noticed_by(broken.paired_comparisons)


def test_measures_without_a_shared_pair_say_nothing_and_count_for_nothing() -> None:
    first, second = np.where(np.arange(240) < 120, BETTER, np.nan), np.where(np.arange(240) < 120, np.nan, SECOND)
    nothing, clear = module.paired_comparisons([(first, second), (BETTER, SECOND)], CLUSTERS, **OPTIONS)
    assert nothing.interval.n == 0
    assert np.isnan([nothing.interval.value, nothing.p_value]).all()
    alone = module.paired_comparisons([(BETTER, SECOND)], CLUSTERS, **OPTIONS)
    assert clear == alone[0]


def test_nothing_to_compare_is_no_error_but_no_sample_is() -> None:
    assert module.paired_comparisons([], CLUSTERS, **OPTIONS) == []
    with pytest.raises(BadSetting, match="bootstrap sample"):
        module.paired_comparisons([(BETTER, SECOND)], CLUSTERS, seed=0, samples=0)
