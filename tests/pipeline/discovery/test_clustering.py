"""Groups of vectors: planted ones are found by every method, whatever the order; noise has no group."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.discovery.assignment import NO_CLUSTER, nearest_clusters
from pipeline.discovery.clustering import ClusteringSpec, fit_clusters
from pipeline.errors import BadDataset

METHODS = ("k_means", "agglomerative", "hdbscan")
SIZES = (40, 25, 15)


def planted(seed: int = 0) -> np.ndarray:
    """Three tight groups on the sphere, of known sizes."""
    rng = np.random.default_rng(seed)
    rows = [np.eye(6)[group] + 0.05 * rng.standard_normal((size, 6)) for group, size in enumerate(SIZES)]
    vectors = np.concatenate(rows)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("method", METHODS)
def test_planted_groups_are_found_largest_first(method: str) -> None:
    clusters = fit_clusters(planted(), ClusteringSpec(method, 3, smallest=5))
    assert len(clusters) == 3
    found = nearest_clusters(planted(), clusters)
    wanted = np.repeat([0, 1, 2], SIZES)
    assert (found == wanted)[found != NO_CLUSTER].all()
    assert (found != NO_CLUSTER).mean() > 0.9
    # Two groups cannot tell three.
    fewer = nearest_clusters(planted(), fit_clusters(planted(), ClusteringSpec(method, 2, smallest=5)))
    assert not np.array_equal(fewer, wanted)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(sum(SIZES))))
@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_vectors_does_not_count(method: str, order: list[int]) -> None:
    noisy = planted() + 0.4 * np.random.default_rng(1).standard_normal((sum(SIZES), 6))
    spec = ClusteringSpec(method, 7, smallest=3, seed=5)
    one, other = fit_clusters(noisy, spec), fit_clusters(noisy[order], spec)
    np.testing.assert_array_equal(one.centres_kd, other.centres_kd)
    np.testing.assert_array_equal(one.radius_k, other.radius_k)


def test_far_vectors_belong_to_no_dense_group() -> None:
    clusters = fit_clusters(planted(), ClusteringSpec("hdbscan", 10, smallest=5))
    assert nearest_clusters(-np.eye(6)[:1], clusters).tolist() == [NO_CLUSTER]
    assert nearest_clusters(-np.eye(6)[:1], fit_clusters(planted(), ClusteringSpec("k_means", 3))) != [NO_CLUSTER]


def test_at_most_as_many_groups_as_different_vectors() -> None:
    assert len(fit_clusters(np.repeat(np.eye(3), 4, axis=0), ClusteringSpec("k_means", 8))) == 3
    assert len(fit_clusters(np.ones((4, 2)), ClusteringSpec("agglomerative", 8))) == 1


def test_nothing_to_group_is_refused() -> None:
    with pytest.raises(BadDataset, match="no patch"):
        fit_clusters(np.zeros((0, 3)), ClusteringSpec("k_means", 2))
    scattered = np.random.default_rng(0).standard_normal((12, 8))
    with pytest.raises(BadDataset, match="only noise"):
        fit_clusters(scattered, ClusteringSpec("hdbscan", 3, smallest=9))
