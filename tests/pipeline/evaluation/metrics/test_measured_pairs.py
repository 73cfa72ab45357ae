"""Values find the rows of their pairs, and means and differences are resampled by query."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.evaluation.comparisons import paired_comparisons
from pipeline.evaluation.metrics import measured_pairs as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs, cluster_codes
from tests.pipeline.evaluation.broken_copy import broken_copy

IDS = [f"p{number}" for number in range(12)]
QUERIES = np.arange(12) // 3
VALUES = np.random.default_rng(0).random(12)


def assert_placed_and_resampled(tested=module) -> None:
    pairs = tested.MeasuredPairs(IDS, QUERIES, Resampling(5, 100))
    np.testing.assert_array_equal(pairs.placed(["p7", "p2"], [1, np.nan])[[7, 2, 0]], [1, np.nan, np.nan])
    assert pairs.rows_of(["p11", "p0"]) == [11, 0]
    assert pairs.mean(VALUES) == clustered_interval(VALUES, QUERIES, seed=5, samples=100)
    measures = [(VALUES, VALUES**2)] * 3
    assert pairs.compare(measures) == paired_comparisons(measures, QUERIES, seed=5, samples=100)


def test_values_find_their_pairs_and_queries_are_resampled() -> None:
    assert_placed_and_resampled()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("values_p[self.rows_of(pair_ids)] =", "values_p[: len(pair_ids)] ="),
        ("np.full(len(self.pair_ids), np.nan)", "np.zeros(len(self.pair_ids))"),
        ("paired_comparisons(measures, self.clusters_p,", "paired_comparisons(measures[:1] * 3, np.arange(12),"),
        ("clustered_interval(values_p, self.clusters_p,", "clustered_interval(values_p, np.arange(12),"),
    ],
    ids=["in the order given", "missing is 0", "pairs resampled in comparisons", "pairs resampled"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_placed_and_resampled(broken_copy(module, tmp_path, right, wrong))


def test_unknown_pairs_are_no_pairs_of_the_table() -> None:
    with pytest.raises(KeyError):
        MeasuredPairs(IDS, QUERIES, Resampling(0, 100)).placed(["p12"], [1.0])


def test_equal_names_have_equal_codes_in_the_order_of_names() -> None:
    assert cluster_codes(["b", "a", "b", "c"]).tolist() == [1, 0, 1, 2]
