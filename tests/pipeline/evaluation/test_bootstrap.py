import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.bootstrap as oracle
from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation import bootstrap
from pipeline.evaluation.bootstrap import Ratio
from pipeline.randomness import keyed_rng
from tests.pipeline.evaluation.broken_copy import broken_copy

SEED, SAMPLES = 5, 40


def sample_pairs():
    rng = np.random.default_rng(1)
    clusters = rng.choice([3, 8, 11, 40, 41], size=23)
    numerator, denominator = rng.normal(size=23), rng.uniform(0.5, 2, size=23)
    numerator[[2, 7]], denominator[9] = np.nan, np.nan
    return numerator, denominator, clusters


def compare_with_oracle(module):
    numerator, denominator, clusters = sample_pairs()
    counts = bootstrap.resampling_counts(5, SAMPLES, keyed_rng(SEED, "clustered bootstrap", 5))
    ratio = module.clustered_ratio_interval(numerator, denominator, clusters, seed=SEED, samples=SAMPLES)
    expected = oracle.ratio_interval(numerator, denominator, clusters, counts, 0.95)
    np.testing.assert_allclose((ratio.value, ratio.low, ratio.high), expected, rtol=1e-12)
    assert (ratio.n, ratio.n_clusters) == (20, 5)
    mean = module.clustered_interval(numerator, clusters, seed=SEED, samples=SAMPLES, confidence=0.8)
    expected = oracle.ratio_interval(numerator, np.ones(23), clusters, counts, 0.8)
    np.testing.assert_allclose((mean.value, mean.low, mean.high), expected, rtol=1e-12)


def test_intervals_are_the_slow_bootstrap_with_the_same_counts():
    compare_with_oracle(bootstrap)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("~np.isnan(parts_pm).any(axis=1)", "~np.isnan(parts_pm[:, 0])"),
        ("sums_sm[:, 0::2], sums_sm[:, 1::2]", "sums_sm[:, 1::2], sums_sm[:, 0::2]"),
        ('"sc,cm->sm", counts_sc, sums_cm', '"sc,cm->sm", counts_sc[:, ::-1], sums_cm'),
        ('"sc,cm->sm", counts_sc, sums_cm', '"sc,cm->sm", np.minimum(counts_sc, 1), sums_cm'),
        ("[(1 - confidence) / 2, (1 + confidence) / 2]", "[1 - confidence, confidence]"),
        ("ratio = Ratio(values, np.ones_like(values))", "ratio = Ratio(-values, np.ones_like(values))"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(bootstrap, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_pairs_and_the_names_of_clusters_do_not_matter(seed):
    numerator, denominator, clusters = sample_pairs()
    order = np.random.default_rng(seed).permutation(numerator.size)
    one = bootstrap.clustered_ratio_interval(numerator, denominator, clusters, seed=2, samples=50)
    other = bootstrap.clustered_ratio_interval(
        numerator[order], denominator[order], clusters[order] * 10 - 7, seed=2, samples=50
    )
    np.testing.assert_allclose((one.value, one.low, one.high), (other.value, other.low, other.high), rtol=1e-9)


def test_repeating_pairs_within_their_cluster_narrows_nothing():
    values, _, clusters = sample_pairs()
    once = bootstrap.clustered_interval(values, clusters, seed=2)
    thrice = bootstrap.clustered_interval(np.repeat(values, 3), np.repeat(clusters, 3), seed=2)
    np.testing.assert_allclose((once.low, once.high), (thrice.low, thrice.high), rtol=1e-9)
    assert thrice.n == 3 * once.n


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(60), 3)
    covered = 0
    for trial in range(100):
        # A shared part per cluster: an interval over pairs would be too narrow.
        values = np.repeat(rng.normal(size=60), 3) + 0.3 * rng.normal(size=180)
        interval = bootstrap.clustered_interval(values, clusters, seed=trial, samples=300)
        covered += interval.low <= 0 <= interval.high
    assert 88 <= covered <= 99


def test_rows_of_the_counts_are_draws_of_all_clusters_with_replacement():
    counts = bootstrap.resampling_counts(6, 4000, keyed_rng(0, "test"))
    assert (counts.sum(axis=1) == 6).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.06)
    np.testing.assert_allclose(counts.var(axis=0), 5 / 6, atol=0.08)


def test_draws_do_not_depend_on_how_they_are_blocked(monkeypatch):
    values, _, clusters = sample_pairs()
    whole = bootstrap.clustered_interval(values, clusters, seed=9)
    monkeypatch.setattr(bootstrap, "_DRAWS_PER_BLOCK", 35)
    assert bootstrap.clustered_interval(values, clusters, seed=9) == whole


def test_a_single_cluster_or_no_value_has_no_interval():
    single = bootstrap.clustered_interval(np.array([1.0, 3.0]), np.array([4, 4]), seed=0)
    assert (single.value, single.n, single.n_clusters) == (2.0, 2, 1)
    assert np.isnan([single.low, single.high]).all()
    empty = bootstrap.clustered_interval(np.array([np.nan]), np.array([4]), seed=0)
    assert np.isnan([empty.value, empty.low, empty.high]).all()
    assert empty.n == 0
    zero = bootstrap.clustered_ratio_interval(np.ones(4), np.zeros(4), np.arange(4), seed=0)
    assert np.isnan([zero.value, zero.low, zero.high]).all()


def test_a_paired_difference_is_resampled_together():
    rng = np.random.default_rng(0)
    clusters, common = np.arange(50), rng.normal(size=50) * 10
    better = Ratio(common + 1 + 0.1 * rng.normal(size=50), np.ones(50))
    worse = Ratio(common, np.ones(50))
    result = bootstrap.clustered_difference_interval(better, worse, clusters, seed=1)
    # Either mean alone is uncertain by several units; their difference is not.
    assert 0.9 < result.interval.low < 1 < result.interval.high < 1.1
    assert result.p_value == pytest.approx(2 / 1001)
    reverse = bootstrap.clustered_difference_interval(worse, better, clusters, seed=1)
    np.testing.assert_allclose(
        (reverse.interval.value, reverse.interval.low), (-result.interval.value, -result.interval.high)
    )
    same = bootstrap.clustered_difference_interval(worse, worse, clusters, seed=1)
    assert (same.interval.value, same.p_value) == (0.0, 1.0)


def test_a_difference_is_the_oracles_and_leaves_pairs_undefined_on_either_side_out_of_both():
    numerator, denominator, clusters = sample_pairs()
    second = numerator[::-1].copy()
    result = bootstrap.clustered_difference_interval(
        Ratio(numerator, denominator), Ratio(second, np.ones(23)), clusters, seed=SEED, samples=SAMPLES
    )
    kept = ~np.isnan(numerator + denominator + second)
    assert result.interval.n == kept.sum()
    first_value = numerator[kept].sum() / denominator[kept].sum()
    assert result.interval.value == pytest.approx(first_value - second[kept].mean())


def test_without_a_second_cluster_there_is_no_p_value():
    ratio = Ratio(np.ones(2), np.ones(2))
    assert np.isnan(bootstrap.clustered_difference_interval(ratio, ratio, np.zeros(2), seed=0).p_value)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8),
    st.floats(0.001, 0.5),
)
def test_holm_adjusts_to_what_the_procedure_rejects(p_values, level):
    adjusted = bootstrap.holm(np.array(p_values))
    rejected = oracle.holm_rejections(p_values, level)
    for p_adjusted, is_rejected in zip(adjusted, rejected, strict=True):
        # A p-value within rounding of the level may fall on either side.
        if abs(p_adjusted - level) > 1e-12:
            assert (p_adjusted <= level) == is_rejected


def test_holm_by_hand_and_with_a_comparison_that_could_not_be_made():
    adjusted = bootstrap.holm(np.array([0.04, np.nan, 0.01, 0.03]))
    np.testing.assert_allclose(adjusted, [0.06, np.nan, 0.03, 0.06])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("order.size, 0, -1", "1, order.size + 1"), ("np.maximum.accumulate(", "np.asarray(")],
)
def test_the_holm_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(bootstrap, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(broken.holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])


def test_settings_and_lengths_are_checked():
    values, _, clusters = sample_pairs()
    with pytest.raises(BadSetting):
        bootstrap.clustered_interval(values, clusters, seed=0, samples=0)
    with pytest.raises(BadSetting):
        bootstrap.clustered_interval(values, clusters, seed=0, confidence=1.0)
    with pytest.raises(BadDataset):
        bootstrap.clustered_interval(values[1:], clusters, seed=0)
