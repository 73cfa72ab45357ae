"""Training is repeatable bit for bit, learns, and refuses what it cannot learn from."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.attributes.catalogue import HeadName
from pipeline.attributes.predictor import (
    build_attribute_predictor,
    predict_attributes,
    restore_attribute_predictor,
    trunk_features,
)
from pipeline.attributes.training import (
    AttributeTrainingSpec,
    TrainedPredictor,
    TrainingData,
    train_attribute_predictor,
)
from pipeline.errors import BadDataset, BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.networks import network_state
from tests.oracles import attribute_losses as oracle
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
    model = restore_attribute_predictor(SPEC.predictor(4), result.state)
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


NET = dataclasses.replace(SPEC, head="regions", heatmap_weight=0.0, huber_reduction="sum_attributes")


def first_losses(spec: AttributeTrainingSpec) -> dict[str, float]:
    """The losses of one step on all images, before the weights change."""
    whole = dataclasses.replace(spec, epochs=1, batch_size=len(TRAIN.labels_na))
    (row,) = train_attribute_predictor(whole, TRAIN, VALID, "cpu").history
    return row


def test_fashion_search_net_minimises_both_of_its_losses() -> None:
    model = build_attribute_predictor(NET.predictor(4), None, NET.seed)
    with torch.no_grad():
        logits, activations = model.train()(normalise_pixels(TRAIN.pixels_nhwc))
    final = oracle.huber_sum(logits.softmax(dim=1).numpy(), TRAIN.labels_na)
    pooled = oracle.huber_sum(activations.mean(dim=(2, 3)).softmax(dim=1).numpy(), TRAIN.labels_na)
    row = first_losses(NET)
    assert row["huber_loss_sum"] == pytest.approx(final, rel=1e-4)
    assert row["pooled_map_loss"] == pytest.approx(pooled, rel=1e-4)
    assert row["total_loss"] == pytest.approx(final + pooled, rel=1e-4)
    # A copy that leaves either out would be noticed.
    assert min(final, pooled) > 1e-2 * (final + pooled)
    assert final != pytest.approx(pooled, rel=1e-3)
    averaged = first_losses(dataclasses.replace(NET, huber_reduction="mean"))
    assert averaged["pooled_map_loss"] == pytest.approx(pooled / 4, rel=1e-4)
    assert averaged["total_loss"] == pytest.approx((final + pooled) / 4, rel=1e-4)
    assert math.isnan(first_losses(SPEC)["pooled_map_loss"])


@pytest.mark.parametrize("head", ["fully_connected", "regions"])
def test_every_head_learns_repeatably_and_keeps_its_best_epoch(head: HeadName) -> None:
    spec = dataclasses.replace(NET, head=head, epochs=4)
    first, second = (train_attribute_predictor(spec, TRAIN, VALID, "cpu") for _ in range(2))
    assert weights_equal(first, second)
    assert first.history[-1]["total_loss"] < first.history[0]["total_loss"]
    model = restore_attribute_predictor(spec.predictor(4), first.state)
    logits, activations = predict_attributes(model, VALID.pixels_nhwc, 8, "cpu")
    best = max(row["validation_map"] for row in first.history)
    assert mean_average_precision(logits, VALID.labels_na).value == best
    assert (activations is None) == (head == "fully_connected")


def trained_trunk() -> dict[str, torch.Tensor]:
    """Weights of a trunk after a step, as a file would hold them."""
    state = train_attribute_predictor(dataclasses.replace(SPEC, epochs=1), TRAIN, VALID, "cpu").state
    return {name: torch.tensor(array) for name, array in state.items()}


@pytest.mark.parametrize("head", ["activation_maps", "fully_connected", "regions"])
def test_a_frozen_backbone_keeps_weights_and_statistics_while_the_head_learns(head: HeadName) -> None:
    weights = trained_trunk()
    spec = dataclasses.replace(NET, head=head, freeze_backbone=True, backbone_weights=weights, learning_rate=2e-2)
    result = train_attribute_predictor(spec, TRAIN, VALID, "cpu")
    start = network_state(build_attribute_predictor(spec.predictor(4), None, spec.seed))
    trunk = {name for name in start if name.startswith("trunk.")}
    assert all(np.array_equal(result.state[name], weights[name].numpy()) for name in trunk)
    assert all(not np.array_equal(result.state[name], start[name]) for name in set(start) - trunk)
    assert result.history[-1]["total_loss"] < result.history[0]["total_loss"]
    # What is learned from is the trunk in evaluation mode: its first loss is that of its features.
    model = build_attribute_predictor(spec.predictor(4), None, spec.seed)
    model.load_state_dict({**model.state_dict(), **{name: weights[name] for name in trunk}})
    features = torch.from_numpy(trunk_features(model, TRAIN.pixels_nhwc, 5, "cpu"))
    confidences = model.predict_features(features).logits_na.softmax(dim=1).detach().numpy()
    assert first_losses(spec)["huber_loss_sum"] == pytest.approx(
        oracle.huber_sum(confidences, TRAIN.labels_na), rel=1e-4
    )
    thawed = train_attribute_predictor(dataclasses.replace(spec, freeze_backbone=False), TRAIN, VALID, "cpu")
    assert any(not np.array_equal(thawed.state[name], weights[name].numpy()) for name in trunk)


def test_weights_of_another_backbone_are_refused() -> None:
    weights = {f"{name}.other": tensor for name, tensor in trained_trunk().items()}
    with pytest.raises(BadModel, match=r"attribute_model\.backbone_weights"):
        train_attribute_predictor(dataclasses.replace(SPEC, backbone_weights=weights), TRAIN, VALID, "cpu")


def test_saliency_maps_supervise_no_other_head() -> None:
    with pytest.raises(BadSetting, match="heatmap_weight = 0.1 with head regions"):
        dataclasses.replace(SPEC, head="regions")


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
