"""Assignment to the nearest centre, and labels of images, against loops, with copies that must fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.discovery.assignment import NO_CLUSTER, image_labels, nearest_clusters
from pipeline.discovery.clustering import Clusters
from tests.oracles import discovery as oracle


def case(seed: int, radius: float = np.inf) -> tuple[np.ndarray, Clusters]:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((30, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # Means of unit vectors lie inside the sphere, some nearer to its middle than others.
    centres = rng.standard_normal((5, 4)) * np.array([0.2, 0.4, 0.5, 0.7, 0.9])[:, None] / 2
    return vectors, Clusters(centres, np.full(5, radius))


@pytest.mark.parametrize("radius", [np.inf, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_vectors_go_where_the_oracle_says(seed: int, radius: float) -> None:
    vectors, clusters = case(seed, radius)
    found = nearest_clusters(vectors, clusters).tolist()
    assert found == oracle.assign(vectors, clusters.centres_kd, clusters.radius_k)
    assert (NO_CLUSTER in found) == np.isfinite(radius)


def test_broken_assignments_are_noticed() -> None:
    vectors, clusters = case(0)
    wanted = oracle.assign(vectors, clusters.centres_kd, clusters.radius_k)
    by_dot_product = (vectors @ clusters.centres_kd.T).argmax(axis=1).tolist()
    unit = clusters.centres_kd / np.linalg.norm(clusters.centres_kd, axis=1, keepdims=True)
    by_cosine = (vectors @ unit.T).argmax(axis=1).tolist()
    farthest = (vectors @ clusters.centres_kd.T).argmin(axis=1).tolist()
    assert wanted not in (by_dot_product, by_cosine, farthest)
    near = Clusters(clusters.centres_kd, np.full(5, 0.9))
    assert nearest_clusters(vectors, clusters).tolist() != oracle.assign(vectors, near.centres_kd, near.radius_k)


def test_ties_go_to_the_larger_cluster_which_comes_first() -> None:
    clusters = Clusters(np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]]), np.full(3, np.inf))
    assert nearest_clusters(np.array([[0.0, 1.0], [0.5, 0.0]]), clusters).tolist() == [0, 0]


def test_labels_are_the_oracles_and_a_single_label_is_noticed() -> None:
    rng = np.random.default_rng(3)
    cluster_n, image_n = rng.integers(-1, 4, 40), rng.integers(0, 12, 40)
    found = image_labels(cluster_n, image_n, 12, 4)
    wanted = oracle.labels(cluster_n.tolist(), image_n.tolist(), 12)
    assert [set(np.flatnonzero(row).tolist()) for row in found] == wanted
    last_alone = dict(zip(image_n.tolist(), cluster_n.tolist(), strict=True))
    assert [{last_alone.get(image, -1)} - {-1} for image in range(12)] != wanted


@given(st.integers(0, 1000), st.permutations(range(30)))
def test_the_order_of_vectors_does_not_count(seed: int, order: list[int]) -> None:
    vectors, clusters = case(seed)
    assert nearest_clusters(vectors[order], clusters).tolist() == nearest_clusters(vectors, clusters)[order].tolist()
    image_n = np.random.default_rng(seed).integers(0, 7, 30)
    cluster_n = nearest_clusters(vectors, clusters)
    shuffled = image_labels(cluster_n[order], image_n[order], 7, 5)
    np.testing.assert_array_equal(shuffled, image_labels(cluster_n, image_n, 7, 5))


def test_no_vector_has_no_cluster() -> None:
    _, clusters = case(0)
    assert nearest_clusters(np.zeros((0, 4)), clusters).shape == (0,)
    assert not image_labels(np.zeros(0, np.int64), np.zeros(0, np.int64), 3, 5).any()
