"""Comparisons where the truth is known, on pairs that not all measures have, and broken copies that must be noticed."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pipeline.errors import BadSetting
from pipeline.evaluation import comparisons as module
from pipeline.evaluation.bootstrap import Ratio, resampling_counts
from pipeline.randomness import keyed_rng
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
    raw = [module.paired_comparisons([(first, SECOND)], CLUSTERS, **OPTIONS)[0].p_value for first in firsts]
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
    assert found[0].p_value == pytest.approx(60 / (60 * 250 + 1))
    assert found[0].p_value < 0.005
    assert [one.is_bound for one in found] == [True, *[False] * 59]
    assert all(one.p_value == 1 for one in found[1:])


def test_a_clear_difference_among_many_comparisons_stays_one() -> None:
    assert_a_clear_difference_survives_many()


def assert_ratios_are_of_sums(compare=module.paired_comparisons) -> None:
    weights = RNG.uniform(0.5, 2, 240)
    first, second = Ratio(BETTER * weights, weights), Ratio(SECOND, np.ones(240))
    (found,) = compare([(first, second)], CLUSTERS, **OPTIONS)
    assert found.interval.value == pytest.approx((BETTER * weights).sum() / weights.sum() - SECOND.mean(), abs=1e-12)
    assert found.interval.low < found.interval.value < found.interval.high


def test_ratios_of_sums_are_compared_as_means_are() -> None:
    assert_ratios_are_of_sums()


def assert_p_value_is_the_share_as_far(compare=module.paired_comparisons) -> None:
    """Few clusters: distances of the resamples from the difference are widened by Student's t with 5 degrees."""
    values = np.array([0.9, -0.2, 0.5, 0.1, 0.7, -0.1])
    counts = resampling_counts(6, 1000, keyed_rng(3, "clustered bootstrap", 6))
    widened = math.sqrt(6 / 5) * stats.t.ppf(0.975, 5) / stats.norm.ppf(0.975)
    as_far = sum(widened * abs(float(row @ values) / 6 - values.mean()) >= abs(values.mean()) for row in counts)
    (found,) = compare([(values, np.zeros(6))], np.arange(6), **OPTIONS)
    assert 0.02 < found.p_value < 0.9
    assert found.p_value == pytest.approx((1 + as_far) / 1001)
    assert not found.is_bound


def test_the_p_value_is_the_share_of_resamples_as_far_away_as_no_difference() -> None:
    assert_p_value_is_the_share_as_far()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("Ratio(np.asarray(measure, np.float64),", "Ratio(np.nan_to_num(measure),", assert_known_differences),
        ("for first, second in measures", "for second, first in measures", assert_known_differences),
        ("zip(differences, corrected,", "zip(differences, corrected[::-1],", assert_corrected_by_holm),
        ("corrected = holm(", "corrected = (", assert_corrected_by_holm),
        ("SAMPLES_PER_COMPARISON = 250", "SAMPLES_PER_COMPARISON = 80", assert_a_clear_difference_survives_many),
        (
            "return measure if isinstance(measure, Ratio)",
            "return Ratio(measure.numerator_p / measure.denominator_p, np.ones(240)) if isinstance(measure, Ratio)",
            assert_ratios_are_of_sums,
        ),
        ("widened * np.abs(", "np.abs(", assert_p_value_is_the_share_as_far),
        ("(1 + as_far) / (1 +", "as_far / (1 +", assert_a_clear_difference_survives_many),
        ("as_far == 0", "False", assert_a_clear_difference_survives_many),
    ],
    ids=[
        "missing counts as 0",
        "second minus first",
        "another's p-value",
        "not corrected",
        "too few samples",
        "mean of ratios",
        "few clusters as many",
        "a p-value of 0",
        "no bound",
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


def difference_of(first: Ratio, second: Ratio, clusters: np.ndarray, *, seed: int, samples: int) -> module.Difference:
    (found,) = module.paired_comparisons([(first, second)], clusters, seed=seed, samples=samples)
    return found


def test_a_paired_difference_is_resampled_together() -> None:
    rng = np.random.default_rng(0)
    clusters, common = np.arange(50), rng.normal(size=50) * 10
    better = Ratio(common + 1 + 0.1 * rng.normal(size=50), np.ones(50))
    worse = Ratio(common, np.ones(50))
    result = difference_of(better, worse, clusters, seed=1, samples=1000)
    # Either mean alone is uncertain by several units; their difference is not.
    assert 0.9 < result.interval.low < 1 < result.interval.high < 1.1
    assert result.p_value == pytest.approx(1 / 1001)
    reverse = difference_of(worse, better, clusters, seed=1, samples=1000)
    np.testing.assert_allclose(
        (reverse.interval.value, reverse.interval.low), (-result.interval.value, -result.interval.high)
    )
    same = difference_of(worse, worse, clusters, seed=1, samples=1000)
    assert (same.interval.value, same.p_value) == (0.0, 1.0)


def test_pairs_undefined_on_either_side_are_left_out_of_both() -> None:
    numerator, denominator, clusters = RNG.normal(size=23), RNG.uniform(0.5, 2, 23), np.arange(23) // 4
    numerator[[2, 7]], denominator[9] = np.nan, np.nan
    second = numerator[::-1].copy()
    result = difference_of(Ratio(numerator, denominator), Ratio(second, np.ones(23)), clusters, seed=5, samples=40)
    kept = ~np.isnan(numerator + denominator + second)
    assert result.interval.n == kept.sum()
    first_value = numerator[kept].sum() / denominator[kept].sum()
    assert result.interval.value == pytest.approx(first_value - second[kept].mean())


def test_without_a_second_cluster_there_is_no_p_value() -> None:
    ratio = Ratio(np.ones(2), np.ones(2))
    assert np.isnan(difference_of(ratio, ratio, np.zeros(2, int), seed=0, samples=100).p_value)
