"""Figures of two models: equal ones do not differ, a planted change is found, and pairs that one lacks are left out."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Ratio, Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.figures import TwoMeasures, compared_figures

N = 120


@pytest.fixture
def pairs() -> MeasuredPairs:
    return MeasuredPairs([f"p{row}" for row in range(N)], np.arange(N) // 3, Resampling(0, 200))


def measure(first: np.ndarray | Ratio, second: np.ndarray | Ratio, metric: str = "hit_at_1") -> TwoMeasures:
    return TwoMeasures(metric, None, None, "share", first, second)


def test_equal_models_do_not_differ_and_a_planted_change_is_found(pairs: MeasuredPairs) -> None:
    values_p = np.random.default_rng(0).normal(size=N)
    noise_p = np.random.default_rng(1).normal(size=N) * 0.1
    same, changed, unsure = compared_figures(
        pairs,
        [
            measure(values_p, values_p),
            measure(values_p + 0.5 + noise_p, values_p),
            measure(values_p, np.random.default_rng(2).permutation(values_p)),
        ],
    )
    assert (same.difference.interval.value, same.difference.interval.low, same.difference.interval.high) == (0, 0, 0)
    assert same.difference.p_value == 1
    assert changed.difference.interval.value == pytest.approx(0.5, abs=0.05)
    assert changed.difference.interval.low > 0.4
    assert changed.difference.p_value < 0.05
    assert unsure.difference.p_value > 0.05


def test_all_figures_are_one_family(pairs: MeasuredPairs) -> None:
    rng = np.random.default_rng(3)
    first_p = rng.normal(size=N)
    weak = measure(first_p + 0.12 + rng.normal(size=N) * 0.5, first_p)
    alone = compared_figures(pairs, [weak])[0].difference.p_value
    among = compared_figures(pairs, [weak, *[measure(first_p, rng.permutation(first_p)) for _ in range(9)]])
    assert alone < among[0].difference.p_value


def test_both_figures_and_their_difference_rest_on_the_pairs_that_both_have(pairs: MeasuredPairs) -> None:
    first_p, second_p = np.arange(N, dtype=float), np.zeros(N)
    first_p[:30] = np.nan
    second_p[-30:] = np.nan
    (figure,) = compared_figures(pairs, [measure(first_p, second_p)])
    assert figure.first.n == figure.second.n == figure.difference.interval.n == 60
    assert figure.first.value == np.arange(30, 90).mean()
    # A figure over its own pairs would be another one.
    assert figure.first.value != np.nanmean(first_p)
    assert figure.first.value - figure.second.value == pytest.approx(figure.difference.interval.value)


def test_a_ratio_is_that_of_sums(pairs: MeasuredPairs) -> None:
    rng = np.random.default_rng(4)
    numerator_p, denominator_p = rng.uniform(size=N), rng.uniform(1, 2, size=N)
    (figure,) = compared_figures(pairs, [measure(Ratio(numerator_p, denominator_p), np.zeros(N))])
    assert figure.first.value == pytest.approx(numerator_p.sum() / denominator_p.sum())
    assert figure.first.value != pytest.approx((numerator_p / denominator_p).mean())
