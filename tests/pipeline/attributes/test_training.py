"""Training is repeatable bit for bit, learns, and refuses what it cannot learn from."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.attributes.predictor import predict_attributes, restore_attribute_predictor
from pipeline.attributes.training import (
    AttributeTrainingSpec,
    TrainedPredictor,
    TrainingData,
    train_attribute_predictor,
)
from pipeline.errors import BadDataset, BadModel, BadSetting
from tests.pipeline.attributes.coloured_squares import coloured_squares

SPEC = AttributeTrainingSpec(
    backbone="small_residual",
    epochs=3,
    batch_size=8,
    learning_rate=2e-3,
    heatmap_weight=0.1,
    huber_reduction="mean",
    seed=3,
)

TRAIN, VALID = coloured_squares(24, 0), coloured_squares(12, 1)


def weights_equal(first: TrainedPredictor, second: TrainedPredictor) -> bool:
    return all(first.state[name].tobytes() == second.state[name].tobytes() for name in first.state)


def without_seconds(result: TrainedPredictor) -> str:
    return repr([{name: row[name] for name in row if name != "seconds"} for row in result.history])


def test_training_is_repeatable_bit_for_bit_and_lowers_the_loss() -> None:
    seen: list[tuple[int, int, float]] = []
    first = train_attribute_predictor(
        SPEC, TRAIN, VALID, "cpu", lambda epoch, epochs, loss: seen.append((epoch, epochs, loss))
    )
    torch.manual_seed(1234)
    second = train_attribute_predictor(SPEC, TRAIN, VALID, "cpu")
    assert weights_equal(first, second)
    assert without_seconds(first) == without_seconds(second)
    assert [row["epoch"] for row in first.history] == [1, 2, 3]
    assert seen == [(row["epoch"], 3, row["total_loss"]) for row in first.history]
    for name in ("huber_loss_mean", "huber_loss_sum", "heatmap_loss", "total_loss"):
        assert first.history[-1][name] < first.history[0][name]
    other = train_attribute_predictor(dataclasses.replace(SPEC, seed=4, epochs=1), TRAIN, VALID, "cpu")
    assert not weights_equal(first, other)


def test_history_adds_up_and_the_state_is_the_best_epochs() -> None:
    result = train_attribute_predictor(SPEC, TRAIN, VALID, "cpu")
    for row in result.history:
        assert row["huber_loss_sum"] == pytest.approx(4 * row["huber_loss_mean"])
        assert row["total_loss"] == pytest.approx(row["huber_loss_mean"] + 0.1 * row["heatmap_loss"], rel=1e-5)
        assert row["learning_rate"] == pytest.approx(2e-3 * 0.985 ** (row["epoch"] - 1))
    maps = [row["validation_map"] for row in result.history]
    assert result.best_epoch == 1 + int(np.argmax(maps))
    model = restore_attribute_predictor("small_residual", 4, result.state)
    logits, _ = predict_attributes(model, VALID.pixels_nhwc, 8, "cpu")
    assert mean_average_precision(logits, VALID.labels_na).value == max(maps)


def test_reduction_decides_the_loss_that_is_minimised() -> None:
    spec = dataclasses.replace(SPEC, huber_reduction="sum_attributes", epochs=1)
    (row,) = train_attribute_predictor(spec, TRAIN, VALID, "cpu").history
    assert row["total_loss"] == pytest.approx(row["huber_loss_sum"] + 0.1 * row["heatmap_loss"], rel=1e-5)


def test_classifier_ignores_maps() -> None:
    spec = dataclasses.replace(SPEC, heatmap_weight=0.0)
    with_maps = train_attribute_predictor(spec, TRAIN, VALID, "cpu")
    bare = dataclasses.replace(TRAIN, targets_nkcc=None)
    without = train_attribute_predictor(spec, bare, dataclasses.replace(VALID, targets_nkcc=None), "cpu")
    assert weights_equal(with_maps, without)
    assert all(math.isnan(row["heatmap_loss"]) for row in with_maps.history)
    sane = train_attribute_predictor(SPEC, TRAIN, VALID, "cpu")
    assert not weights_equal(sane, without)


def test_images_without_attributes_are_left_out_and_counted() -> None:
    spec = dataclasses.replace(SPEC, epochs=1)
    labels = TRAIN.labels_na.copy()
    labels[20:] = False
    result = train_attribute_predictor(spec, dataclasses.replace(TRAIN, labels_na=labels), VALID, "cpu")
    assert result.images_without_attributes == 4
    assert TRAIN.targets_nkcc is not None
    kept = TrainingData(TRAIN.pixels_nhwc[:20], labels[:20], TRAIN.targets_nkcc[:20])
    assert weights_equal(result, train_attribute_predictor(spec, kept, VALID, "cpu"))


def test_training_stops_after_patience() -> None:
    spec = dataclasses.replace(SPEC, epochs=9, patience=1, learning_rate=1e-12)
    constant = dataclasses.replace(VALID, pixels_nhwc=np.zeros_like(VALID.pixels_nhwc))
    result = train_attribute_predictor(spec, TRAIN, constant, "cpu")
    assert (result.best_epoch, len(result.history)) == (1, 2)


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    spec = dataclasses.replace(SPEC, epochs=1, threads=before + 1)
    train_attribute_predictor(spec, coloured_squares(8, 0), VALID, "cpu")
    assert torch.get_num_threads() == before


def test_unusable_data_is_refused_before_training() -> None:
    bare = dataclasses.replace(TRAIN, targets_nkcc=None)
    with pytest.raises(BadSetting, match="no maps"):
        train_attribute_predictor(SPEC, bare, VALID, "cpu")
    empty = dataclasses.replace(TRAIN, targets_nkcc=np.full((24, 2, 4, 4), np.nan, dtype=np.float32))
    with pytest.raises(BadDataset, match="no saliency map"):
        train_attribute_predictor(SPEC, empty, VALID, "cpu")
    coarse = dataclasses.replace(TRAIN, targets_nkcc=np.zeros((24, 2, 3, 3), dtype=np.float32))
    with pytest.raises(BadDataset, match="maps of shape"):
        train_attribute_predictor(SPEC, coarse, VALID, "cpu")
    unlabelled = dataclasses.replace(TRAIN, labels_na=np.zeros_like(TRAIN.labels_na))
    with pytest.raises(BadDataset, match="no training image"):
        train_attribute_predictor(SPEC, unlabelled, VALID, "cpu")
    constant = dataclasses.replace(VALID, labels_na=np.ones_like(VALID.labels_na))
    with pytest.raises(BadDataset, match="positive and a negative"):
        train_attribute_predictor(SPEC, TRAIN, constant, "cpu")
    short = dataclasses.replace(VALID, labels_na=VALID.labels_na[:5])
    with pytest.raises(BadDataset, match="12 validation images"):
        train_attribute_predictor(SPEC, TRAIN, short, "cpu")
    narrow = dataclasses.replace(VALID, labels_na=VALID.labels_na[:, :3])
    with pytest.raises(BadDataset, match="3 in validation"):
        train_attribute_predictor(SPEC, TRAIN, narrow, "cpu")


def test_a_diverging_run_is_refused() -> None:
    with pytest.raises(BadModel, match="learning"):
        train_attribute_predictor(dataclasses.replace(SPEC, learning_rate=1e30), TRAIN, VALID, "cpu")


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": 0},
        {"decay": 0.0},
        {"learning_rate": math.nan},
        {"heatmap_weight": -1},
        {"huber_reduction": "x"},
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(BadSetting, match=next(iter(setting))):
        AttributeTrainingSpec(backbone="small_residual", **setting)  # type: ignore[arg-type]
