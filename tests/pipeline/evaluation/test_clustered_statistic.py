"""Bootstrap intervals of statistics: of a mean they are those of the clustered mean; broken copies are noticed."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import clustered_statistic as module
from pipeline.evaluation.bootstrap import Resampling, resampling_counts
from pipeline.randomness import keyed_rng
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(5)
CLUSTERS = np.repeat(np.arange(20), 3)
VALUES = RNG.normal(size=60) + RNG.normal(size=20)[CLUSTERS]
RESAMPLING = Resampling(4, 300)


def mean(columns_pm: np.ndarray) -> float:
    return float(columns_pm.mean())


def assert_interval_of_a_mean(tested=module) -> None:
    """Clusters are of equal sizes, so the mean of a sample is the mean of its clusters' means."""
    with_gap = np.append(VALUES, np.nan)[:, None]
    found = tested.clustered_statistic(with_gap, np.append(CLUSTERS, 99), mean, RESAMPLING)
    counts_sc = resampling_counts(20, 300, keyed_rng(4, "clustered statistic", 20))
    samples = counts_sc @ VALUES.reshape(20, 3).mean(axis=1) / 20
    low, high = np.quantile(samples, [0.025, 0.975])
    assert (found.value, found.low, found.high) == pytest.approx((VALUES.mean(), low, high))
    assert (found.n, found.n_clusters) == (60, 20)


def test_the_interval_of_a_mean_is_the_clustered_one() -> None:
    assert_interval_of_a_mean()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("counts_c[cluster_of_p]", "np.minimum(counts_c[cluster_of_p], 1)"),
        ("~np.isnan(columns_pm).any(axis=1)", "np.ones(len(columns_pm), bool)"),
        ("[(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]", "[0.1, 0.9]"),
    ],
    ids=["each once", "gaps counted", "another confidence"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_interval_of_a_mean(broken_copy(module, tmp_path, right, wrong))


def test_what_is_undefined_has_no_interval() -> None:
    nothing = module.clustered_statistic(np.full((3, 1), np.nan), np.arange(3), mean, RESAMPLING)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert nothing.n == 0
    alone = module.clustered_statistic(VALUES[:3, None], CLUSTERS[:3], mean, RESAMPLING)
    assert alone.value == pytest.approx(VALUES[:3].mean())
    assert np.isnan([alone.low, alone.high]).all()
    with pytest.raises(BadSetting):
        module.clustered_statistic(VALUES[:, None], CLUSTERS, mean, Resampling(0, 0))
