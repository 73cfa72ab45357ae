"""The predictor's maps, its repeatable weights, and its refusals."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.attributes.catalogue import HeadName
from pipeline.attributes.networks import ActivationMapPredictor
from pipeline.attributes.predictor import (
    Predicted,
    PredictorSpec,
    build_attribute_predictor,
    predict_attributes,
    predict_from_features,
    restore_attribute_predictor,
    trunk_features,
)
from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.networks import Trunk, network_state


def images(n_images: int = 5, size_px: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n_images, size_px, size_px, 3), dtype=np.uint8)


HEADS: tuple[HeadName, ...] = ("activation_maps", "fully_connected", "regions")


def assert_same(found: Predicted, expected: Predicted, atol: float = 0.0) -> None:
    for actual, wanted in zip(found, expected, strict=True):
        assert (actual is None) == (wanted is None)
        if actual is not None and wanted is not None:
            np.testing.assert_allclose(actual, wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("size_px", [32, 64, 112])
def test_logits_are_means_of_four_by_four_maps(size_px: int) -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 7), None, seed=0)
    logits, activations = predict_attributes(model, images(3, size_px), 2, "cpu")
    assert (logits.shape, activations.shape) == ((3, 7), (3, 7, 4, 4))
    assert (logits.dtype, activations.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(logits, activations.mean(axis=(2, 3)), atol=1e-6)


def test_maps_are_the_convolution_without_bias() -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 2), None, seed=0).eval()
    assert model.attribute_maps.bias is None
    with torch.inference_mode():
        features = model.trunk(normalise_pixels(images(2)))
        _, activations = model(normalise_pixels(images(2)))
    padded = np.pad(features.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    weight = model.attribute_maps.weight.detach().numpy()
    expected = np.array(
        [
            [[[np.sum(padded[n, :, y : y + 3, x : x + 3] * weight[a]) for x in range(4)] for y in range(4)]
             for a in range(2)]
            for n in range(2)
        ]
    )  # fmt: skip
    np.testing.assert_allclose(activations.numpy(), expected, atol=1e-4)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(activations.numpy().swapaxes(2, 3), expected, atol=1e-4)


def test_larger_grids_are_averaged_by_area() -> None:
    model = ActivationMapPredictor(Trunk(nn.Identity(), 3), 2)
    with torch.no_grad():
        model.attribute_maps.weight.zero_()
        model.attribute_maps.weight[0, 0, 1, 1] = 1
        model.attribute_maps.weight[1, 1, 1, 1] = 1
        features = torch.randn(2, 3, 7, 7, generator=torch.Generator().manual_seed(0))
        logits, activations = model(features)
    # the area average keeps the mean, which overlapping adaptive pooling does not
    torch.testing.assert_close(logits, features[:, :2].mean(dim=(2, 3)))
    corner = features[:, :2, :2, :2]
    weights = torch.tensor([1, 0.75])
    expected = (corner * weights[:, None] * weights).sum(dim=(2, 3)) / 1.75**2
    torch.testing.assert_close(activations[:, :, 0, 0], expected)


def test_weights_depend_on_the_seed_alone_and_leave_torch_as_it_was() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = network_state(build_attribute_predictor(PredictorSpec("small_residual", 4), None, seed=1))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    second = network_state(build_attribute_predictor(PredictorSpec("small_residual", 4), None, seed=1))
    other = network_state(build_attribute_predictor(PredictorSpec("small_residual", 4), None, seed=2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["attribute_maps.weight"], other["attribute_maps.weight"])


@pytest.mark.parametrize("head", HEADS)
def test_state_restores_the_same_predictions(head: HeadName) -> None:
    spec = PredictorSpec("small_residual", 4, head)
    model = build_attribute_predictor(spec, None, seed=1)
    model(normalise_pixels(images(4)))  # moves the batch statistics away from their start
    state = network_state(model)
    restored = restore_attribute_predictor(spec, state)
    assert_same(predict_attributes(restored, images(), 5, "cpu"), predict_attributes(model, images(), 5, "cpu"))
    with pytest.raises(BadModel, match="5 attributes"):
        restore_attribute_predictor(dataclasses.replace(spec, n_attributes=5), state)
    with pytest.raises(BadModel, match="small_residual"):
        restore_attribute_predictor(spec, {"nothing": np.zeros(1)})


@pytest.mark.parametrize("head", HEADS)
def test_a_frozen_trunks_features_give_the_same_predictions(head: HeadName) -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 4, head), None, seed=1)
    model(normalise_pixels(images(4)))
    features = trunk_features(model, images(), 2, "cpu")
    assert model.training
    assert (features.shape, features.dtype) == ((5, 128, 4, 4), np.float32)
    expected = predict_attributes(model, images(), 2, "cpu")
    assert_same(predict_from_features(model, features, 3), expected, atol=1e-5)
    with pytest.raises(AssertionError):
        assert_same(predict_from_features(model, features[::-1].copy(), 3), expected, atol=1e-5)


def test_a_fully_connected_head_reads_the_mean_features_and_has_no_maps() -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 3, "fully_connected"), None, seed=0)
    logits, activations = predict_attributes(model, images(), 5, "cpu")
    assert activations is None
    features = trunk_features(model, images(), 5, "cpu")
    weight, bias = (network_state(model)[f"attribute_logits.{name}"] for name in ("weight", "bias"))
    expected = [
        [
            sum(float(row[c]) * float(image[c].mean()) for c in range(128)) + float(one)
            for row, one in zip(weight, bias, strict=True)
        ]
        for image in features
    ]
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(logits, np.array(expected) - bias, atol=1e-4)


def test_all_heads_start_from_the_same_trunk() -> None:
    models = [build_attribute_predictor(PredictorSpec("small_residual", 3, head), None, seed=0) for head in HEADS]
    first, *others = [network_state(model.trunk) for model in models]
    assert all(np.array_equal(first[name], other[name]) for other in others for name in first)


def test_batches_agree_and_the_training_mode_is_kept() -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 4), None, seed=1)
    assert model.training
    whole = predict_attributes(model, images(), 5, "cpu")
    assert model.training
    assert_same(predict_attributes(model, images(), 2, "cpu"), whole, atol=1e-5)
    read_only = images()
    read_only.flags.writeable = False
    predict_attributes(model, read_only, 2, "cpu")
    logits, activations = predict_attributes(model, images()[:0], 2, "cpu")
    assert logits.shape == (0, 4)
    assert activations is not None
    assert activations.shape == (0, 4, 4, 4)


def test_outputs_that_are_not_finite_are_refused() -> None:
    model = build_attribute_predictor(PredictorSpec("small_residual", 4), None, seed=1)
    with torch.no_grad():
        model.attribute_maps.weight[2] = torch.nan
    with pytest.raises(BadModel, match="5 of 5 images"):
        predict_attributes(model, images(), 2, "cpu")


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(BadSetting, match="at least one attribute"):
        build_attribute_predictor(PredictorSpec("small_residual", 0), None, seed=0)
    with pytest.raises(BadSetting, match="region_threshold"):
        PredictorSpec("small_residual", 3, "regions", 1.5)
    with pytest.raises(BadSetting):
        build_attribute_predictor(PredictorSpec("no_such_network", 3), None, seed=0)
    with pytest.raises(BadSetting, match="batch size"):
        predict_attributes(build_attribute_predictor(PredictorSpec("small_residual", 4), None, 1), images(), 0, "cpu")
