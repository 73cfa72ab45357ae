import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.bootstrap as oracle
from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation import bootstrap
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
        ('"sc,cm->sm", counts_sc, figure.sums_cm', '"sc,cm->sm", counts_sc[:, ::-1], figure.sums_cm'),
        ('"sc,cm->sm", counts_sc, figure.sums_cm', '"sc,cm->sm", np.minimum(counts_sc, 1), figure.sums_cm'),
        ("corrected_ends(bootstrapped, confidence)", "corrected_ends(bootstrapped, 2 * confidence - 1)"),
        ("- sums.sums_cm / 2", "- sums.sums_cm**2"),
        ("return clustered_ratio_interval(values, ones,", "return clustered_ratio_interval(-values, ones,"),
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


def test_settings_and_lengths_are_checked():
    values, _, clusters = sample_pairs()
    with pytest.raises(BadSetting):
        bootstrap.clustered_interval(values, clusters, seed=0, samples=0)
    with pytest.raises(BadSetting):
        bootstrap.clustered_interval(values, clusters, seed=0, confidence=1.0)
    with pytest.raises(BadDataset):
        bootstrap.clustered_interval(values[1:], clusters, seed=0)
