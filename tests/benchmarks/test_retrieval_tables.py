"""The retrieval table: figures by class against loops, classes held out, and rows that differ in mining alone."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.retrieval_tables import (
    ROWS,
    Splits,
    digest_of,
    hold_out_classes,
    leave_to_test,
    retrieval_by_class,
    row_task,
    seeds_text,
    trained_row,
)
from flows.settings.configuration import Settings
from pipeline.similarity.training.data import LabelledPixels
from tests.pipeline.similarity.colour_problem import colour_problem

SETTINGS = Settings.model_validate(
    {"dataset": {"kind": "planted"}, "similarity_model": {"mining": {"gamma": [0.1, 1]}}}
)


def test_figures_by_class_equal_loops() -> None:
    rng = np.random.default_rng(3)
    # Classes of unequal size, not in order.
    classes = np.array([4, 0, 0, 4, 7, 0, 4, 7, 4, 0, 7, 4])
    points = rng.normal(size=(12, 3)).astype(np.float32) + classes[:, None] / 6
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    expected: dict[str, list[float]] = {"precision_at_1": [], "mean_average_precision_at_r": []}
    for one in (0, 4, 7):
        first, average = [], []
        for query in np.flatnonzero(classes == one):
            order = [other for other in np.argsort(-points @ points[query]) if other != query]
            right = [classes[other] == one for other in order]
            relevant = sum(right)
            first.append(float(right[0]))
            found = [sum(right[: rank + 1]) / (rank + 1) for rank in range(relevant) if right[rank]]
            average.append(sum(found) / relevant)
        expected["precision_at_1"].append(float(np.mean(first)))
        expected["mean_average_precision_at_r"].append(float(np.mean(average)))
    assert len(set(expected["precision_at_1"])) > 1
    found = retrieval_by_class(points, classes)
    assert {measure: pytest.approx(values) for measure, values in expected.items()} == found


def test_validation_classes_are_none_of_training() -> None:
    data = LabelledPixels(np.zeros((40, 4, 4, 3), np.uint8), np.repeat(np.arange(10), 4))
    train, valid = hold_out_classes(data, 0.3)
    assert len(np.unique(valid.classes_n)) == 3
    assert not np.isin(valid.classes_n, train.classes_n).any()
    assert len(train.classes_n) + len(valid.classes_n) == 40


def test_classes_left_to_test_are_in_no_other_split() -> None:
    classes = np.repeat(np.arange(10), 4)
    images = LabelledPixels(np.arange(40 * 12, dtype=np.uint8).reshape(40, 2, 2, 3), classes)
    train, valid, test = leave_to_test(Splits(images, images, images), 0.4)
    assert len(np.unique(test.classes_n)) == 4
    assert len(test.classes_n) == 16
    for other in (train, valid):
        assert len(np.unique(other.classes_n)) == 6
        assert not np.isin(other.classes_n, test.classes_n).any()
    kept = np.isin(classes, test.classes_n)
    np.testing.assert_array_equal(test.pixels_nhwc, images.pixels_nhwc[kept])
    assert len(leave_to_test(Splits(images, images, images), 0.0)[2].classes_n) == 8


def test_rows_differ_in_what_they_are_called_after_alone() -> None:
    splits = Splits(colour_problem(4, 1), colour_problem(4, 2), colour_problem(4, 3))
    tasks = {row: row_task(SETTINGS, splits, row, "triplet", 0) for row in ROWS}
    assert len({str(asdict(task.training)) for task in tasks.values()}) == 1
    assert len({digest_of(task, splits) for task in tasks.values()}) == len(ROWS)
    assert [len(task.mining.candidates) for task in tasks.values()] == [1, 2, 2, 2, 1, 2]
    assert row_task(SETTINGS, splits, "baseline", "contrastive", 0).training.margin == 1


@pytest.mark.parametrize("row", ["baseline", "absolute", "grad_cam"])
def test_a_row_trains_and_retrieves(row: str) -> None:
    small = {"network": "small_residual", "embedding_dim": 16, "epochs": 1, "batch_size": 8, "images_per_class": 4}
    settings = Settings.model_validate({"dataset": {"kind": "planted"}, "similarity_model": small})
    splits = Splits(colour_problem(4, 1), colour_problem(4, 2), colour_problem(4, 3))
    found = trained_row(row_task(settings, splits, row, "triplet", 0), splits, {"row": row})
    assert (found["row"], found["epochs"]) == (row, 1)
    assert len(found["precision_at_1"]) == len(np.unique(splits.test.classes_n))
    assert all(0 <= value <= 1 for value in found["precision_at_1"])


def test_differences_by_seed_are_means_over_images() -> None:
    own = {0: {"precision_at_1": [0.5, 1.0]}, 2: {"precision_at_1": [0.5, 0.5]}, 3: {"precision_at_1": [0.0, 0.0]}}
    base = {0: {"precision_at_1": [0.25, 1.0]}, 2: {"precision_at_1": [0.5, 0.75]}}
    assert seeds_text(own, base, np.array([3, 1])) == "+18.8, -6.2"
