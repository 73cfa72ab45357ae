"""Neighbours, matched regions, concepts and random clusters on cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.discovery.coarse_cells import COARSE_CELLS, coarse
from pipeline.discovery.controls import random_clusters
from pipeline.discovery.factors import fit_concepts, two_class_threshold
from pipeline.discovery.matched_regions import matched_regions
from pipeline.discovery.neighbours import nearest_images
from pipeline.errors import BadDataset


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_neighbours_leave_out_the_query_and_its_duplicates() -> None:
    embeddings = unit(np.array([[1, 0.0], [1, 0.0], [1, 0.1], [0, 1.0]]))
    found = nearest_images(embeddings, np.array([0, 3]), np.array([0, 0, 2, 3]), 3)
    assert found.image_qk.tolist() == [[2, 3, -1], [2, 0, 1]]
    assert found.similarity_qk[0, 1] == pytest.approx(0)
    assert np.isnan(found.similarity_qk[0, 2])
    # Without the groups the duplicate would come first.
    assert nearest_images(embeddings, np.array([0]), np.arange(4), 1).image_qk.tolist() == [[1]]


@given(st.integers(0, 500))
def test_neighbours_are_those_of_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    embeddings = unit(np.round(rng.standard_normal((12, 2)), 0) + 0.5)
    found = nearest_images(embeddings, np.arange(12), np.arange(12), 4)
    for query in range(12):
        scores = {other: round(float(embeddings[query] @ embeddings[other]), 10) for other in range(12)}
        others = [other for other in range(12) if other != query]
        assert found.image_qk[query].tolist() == sorted(others, key=lambda one: (-scores[one], one))[:4]


def test_a_match_by_two_things_has_two_regions_with_their_directions() -> None:
    query, reference = np.zeros((9, 4)), np.zeros((9, 4))
    query[0, 0], reference[8, 0] = 1.0, 1.0
    query[4, 1], reference[2, 1] = 0.5, 0.5
    # What only one image shows is no part of the match.
    query[6, 2], reference[5, 3] = 9.0, 9.0
    found = matched_regions(query, reference, 2, 0.0)
    np.testing.assert_allclose(np.abs(found.vectors_kd), np.eye(4)[:2], atol=1e-6)
    assert found.query_cell_k.tolist() == [0, 4]
    assert found.reference_cell_k.tolist() == [8, 2]
    assert found.share_k == pytest.approx([0.8, 0.2], abs=1e-3)
    assert len(matched_regions(query, reference, 2, 0.5).vectors_kd) == 1
    assert len(matched_regions(query, -reference, 2, 0.0).vectors_kd) == 0


def test_concepts_are_the_directions_that_cells_are_made_of() -> None:
    rng = np.random.default_rng(0)
    directions = np.array([[1.0, 0, 0, 0, 0], [0, -1.0, 0, 0, 0], [0, 0, 1.0, -1.0, 0]])
    has = rng.random((60, 3)) < 0.5
    images = []
    for has_k in has:
        effects = np.zeros((9, 5))
        for concept in np.flatnonzero(has_k):
            effects[int(rng.integers(9))] += directions[concept] * rng.uniform(0.8, 1.2)
        images.append(effects + 0.01 * rng.standard_normal((9, 5)))
    concepts = fit_concepts(images, 3, 0)
    cosines = unit(concepts.directions_kd) @ unit(directions).T
    assert sorted(cosines.argmax(axis=1)) == [0, 1, 2]
    assert (cosines.max(axis=1) > 0.95).all()
    found = np.array([concepts.of_image(effects) for effects in images])[:, np.argsort(cosines.argmax(axis=1))]
    assert (found == has).mean() > 0.95
    # The opposite of a direction is another concept.
    assert not concepts.of_image(-5 * directions[:1]).all()
    with pytest.raises(BadDataset, match="effects of 0"):
        fit_concepts([np.zeros((4, 3))], 2, 0)
    with pytest.raises(BadDataset, match="none"):
        fit_concepts([], 2, 0)


def test_the_threshold_parts_two_groups() -> None:
    values = [0.1, 0.2, 0.15, 5.0, 5.5]
    assert two_class_threshold(np.array(values)) == 0.2
    assert two_class_threshold(np.array(values[::-1])) == 0.2
    assert two_class_threshold(np.full(4, 3.0)) == 3.0


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=12))
def test_the_threshold_has_the_least_variance_inside(values: list[float]) -> None:
    def inside(threshold: float) -> float:
        groups = ([v for v in values if v <= threshold], [v for v in values if v > threshold])
        return sum(float(np.var(group)) * len(group) for group in groups if group)

    best = min(inside(value) for value in values)
    assert inside(two_class_threshold(np.array(values))) == pytest.approx(best, abs=1e-6)


def test_coarse_cells_are_means_over_areas() -> None:
    effects = np.arange(14 * 14 * 2, dtype=np.float64).reshape(196, 2)
    wanted = effects.reshape(7, 2, 7, 2, 2).mean(axis=(1, 3)).reshape(49, 2)
    np.testing.assert_allclose(coarse(effects), wanted)
    assert len(coarse(np.ones((25, 3)))) == COARSE_CELLS**2


def test_a_random_cluster_is_the_images_own() -> None:
    ids = [f"image-{number}" for number in range(400)]
    drawn = random_clusters(ids, 5, 0)
    assert random_clusters(ids[::-1], 5, 0).tolist() == drawn[::-1].tolist()
    assert random_clusters(ids[7:9], 5, 0).tolist() == drawn[7:9].tolist()
    assert (random_clusters(ids, 5, 1) != drawn).any()
    assert np.bincount(drawn, minlength=5).min() > 40
