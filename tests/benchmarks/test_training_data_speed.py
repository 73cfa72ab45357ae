"""What the measurement of loading prepares is what training takes."""

import numpy as np

from benchmarks.training_data_speed import cpu_seconds, placed_targets, prepare_batches
from flows.readers.pair_frame import PairFrame
from pipeline.attributes.training_data import AttributeTrainingSpec, TrainingData, check_training_data

LABELS_NA = np.array([[True, False], [False, True], [True, True]])
FRAME = PairFrame(
    "train",
    ["a", "b", "c"],
    ["a|b", "c|a", "a|c"],
    np.array([0, 2, 0]),
    np.array([1, 0, 2]),
    LABELS_NA,
    ["x", "y"],
    [-1, -1],
    [None] * 3,
)


def test_targets_lie_with_their_queries() -> None:
    maps_pcc = np.arange(3 * 16, dtype=np.float32).reshape(3, 4, 4)
    targets_nkcc = placed_targets(FRAME, maps_pcc)
    assert targets_nkcc.shape == (3, 2, 4, 4)
    np.testing.assert_array_equal(targets_nkcc[0], maps_pcc[[0, 2]])
    np.testing.assert_array_equal(targets_nkcc[2, 0], maps_pcc[1])
    assert np.isnan(targets_nkcc[1]).all()
    assert np.isnan(targets_nkcc[2, 1]).all()


def test_every_batch_is_prepared_of_data_that_training_accepts() -> None:
    targets_nkcc = placed_targets(FRAME, np.full((3, 4, 4), 1 / 16, dtype=np.float32))
    data = TrainingData(np.zeros((3, 16, 16, 3), np.uint8), LABELS_NA, targets_nkcc)
    check_training_data(AttributeTrainingSpec(backbone="small_residual"), data, data)
    assert prepare_batches(data, 2) == 2
    assert cpu_seconds(lambda: prepare_batches(data, 2)) >= 0
