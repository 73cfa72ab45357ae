"""Ranks of true matches against sorting by hand, over cameras and without, with ties, and broken copies that fail."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from pipeline.evaluation.retrieval import measures, ranks
from pipeline.evaluation.retrieval.ranks import RetrievalTask, everything_against_everything, rank_matches
from tests.oracles import retrieval as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

N, CLASSES, CAMERAS = 60, 9, 3


def unit_vectors(seed: int, n: int = N, dimensions: int = 6) -> np.ndarray:
    vectors_nd = np.random.default_rng(seed).normal(size=(n, dimensions))
    unit_nd: np.ndarray = (vectors_nd / np.linalg.norm(vectors_nd, axis=1, keepdims=True)).astype(np.float32)
    return unit_nd


def drawn(seed: int) -> tuple[np.ndarray, list[str], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    classes_n = rng.integers(CLASSES, size=N)
    cameras_n = rng.integers(CAMERAS, size=N)
    return unit_vectors(seed), [f"image {number}" for number in range(N)], classes_n, cameras_n


def oracle_images(embeddings_nd: np.ndarray, classes_n: np.ndarray, cameras_n: np.ndarray) -> list[oracle.Seen]:
    return [
        oracle.Seen(vector.astype(np.float64).tolist(), str(name), int(camera))
        for vector, name, camera in zip(embeddings_nd, classes_n, cameras_n, strict=True)
    ]


def true_ranks(found: list[bool]) -> list[int]:
    return [rank for rank, is_match in enumerate(found, start=1) if is_match]


def assert_like_sorting(tested: ModuleType = ranks) -> None:
    for seed in range(3):
        embeddings_nd, ids, classes_n, cameras_n = drawn(seed)
        images = oracle_images(embeddings_nd, classes_n, cameras_n)
        task = tested.everything_against_everything(embeddings_nd, ids, classes_n)
        for one in tested.rank_matches(task):
            found = oracle.ordered(images[one.query], images, over_cameras=False)
            assert one.ranks_r.tolist() == true_ranks(found)
        queries_q, gallery_g = np.arange(0, 20), np.arange(20, N)
        task = tested.RetrievalTask(embeddings_nd, ids, classes_n, queries_q, gallery_g, cameras_n)
        for one in tested.rank_matches(task):
            found = oracle.ordered(images[one.query], images[20:], over_cameras=True)
            assert one.ranks_r.tolist() == true_ranks(found)


def test_ranks_are_those_of_sorting_all_candidates() -> None:
    assert_like_sorting()


def test_blocks_change_nothing(tmp_path: Path) -> None:
    assert_like_sorting(broken_copy(ranks, tmp_path, "_SCORES_PER_BLOCK = 8_000_000", "_SCORES_PER_BLOCK = 130"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("is_left_out = task.gallery_g[same] == query", "is_left_out = task.gallery_g[same] != query"),
        ("task.cameras_n[task.gallery_g[same]] == task", "task.cameras_n[task.gallery_g[same]] != task"),
        ("scores_g[left_out] = -np.inf", "scores_g[true_r] = scores_g[true_r]"),
        ("ranks_r = above + 1", "ranks_r = above"),
        ('side="right")\n    equal', 'side="left")\n    equal'),
        ("return same[~is_left_out], same", "return same, same"),
    ],
)
def test_a_broken_copy_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_like_sorting(broken_copy(ranks, tmp_path, right, wrong))


def test_figures_are_those_of_the_library() -> None:
    embeddings_nd, ids, classes_n, _ = drawn(5)
    found = list(rank_matches(everything_against_everything(embeddings_nd, ids, classes_n)))
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r", "mean_average_precision"),
        knn_func=CustomKNN(CosineSimilarity()),
        device=torch.device("cpu"),
    )
    vectors, labels = torch.tensor(embeddings_nd), torch.tensor(classes_n)
    theirs = calculator.get_accuracy(vectors, labels, vectors, labels, ref_includes_query=True)
    ours = {
        "precision_at_1": [measures.recall_at(one.ranks_r, 1) for one in found],
        "r_precision": [measures.r_precision(one.ranks_r) for one in found],
        "mean_average_precision_at_r": [measures.average_precision_at_r(one.ranks_r) for one in found],
    }
    for name, values in ours.items():
        assert np.mean(values) == pytest.approx(theirs[name], abs=1e-6)


def test_the_nearest_is_the_candidate_with_the_largest_cosine() -> None:
    embeddings_nd, ids, classes_n, _ = drawn(7)
    scores_nn = embeddings_nd.astype(np.float64) @ embeddings_nd.T.astype(np.float64)
    np.fill_diagonal(scores_nn, -2)
    found = [one.nearest for one in rank_matches(everything_against_everything(embeddings_nd, ids, classes_n))]
    assert found == scores_nn.argmax(axis=1).tolist()


def collapsed(n: int, n_classes: int, ids: list[str]) -> list[int]:
    """First ranks where a model gives every image the same embedding."""
    task = everything_against_everything(np.ones((n, 1), dtype=np.float32), ids, np.arange(n) * n_classes // n)
    return [int(one.ranks_r[0]) for one in rank_matches(task)]


def test_a_model_that_cannot_tell_images_apart_is_right_by_chance_whatever_their_order() -> None:
    n, n_classes = 400, 40
    first = collapsed(n, n_classes, [f"image {number}" for number in range(n)])
    chance = 9 / (n - 1)
    # Four standard deviations around chance; files in the order of their classes would give 1 or nearly 0.
    width = 4 * (chance * (1 - chance) / n) ** 0.5
    assert abs(np.mean(np.array(first) == 1) - chance) < width


def test_ties_are_drawn_by_ids_and_for_every_query_anew() -> None:
    ids = [f"image {number}" for number in range(60)]
    first = collapsed(60, 10, ids)
    assert collapsed(60, 10, ids) == first
    assert len(set(first)) > 5
    assert collapsed(60, 10, [f"other {number}" for number in range(60)]) != first


def test_equal_images_share_their_ranks_out() -> None:
    # Two equal true matches and a copy of them in another class: the ranks of the three are 1 to 3.
    embeddings_nd = np.array([[1, 0], [0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0, 1]], dtype=np.float32)
    task = RetrievalTask(embeddings_nd, list("abcde"), np.array([0, 0, 0, 1, 1]), np.array([0]), np.arange(5))
    (found,) = rank_matches(task)
    assert len(found.ranks_r) == 2
    assert set(found.ranks_r.tolist()) < {1, 2, 3}
    assert found.nearest in (1, 2, 3)


def test_a_query_without_a_candidate_or_a_match() -> None:
    embeddings_nd = unit_vectors(1, 3)
    task = RetrievalTask(
        embeddings_nd, list("abc"), np.array([0, 0, 1]), np.array([0, 2]), np.array([1]), np.array([1, 1, 2])
    )
    same_camera, other = rank_matches(task)
    assert (same_camera.nearest, same_camera.ranks_r.tolist()) == (None, [])
    assert (other.nearest, other.ranks_r.tolist()) == (1, [])
