"""The predictor's maps, its repeatable weights, and its refusals."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.attributes.predictor import (
    AttributePredictor,
    build_attribute_predictor,
    predict_attributes,
    restore_attribute_predictor,
)
from pipeline.errors import BadModel, BadSetting
from pipeline.images import normalise_pixels
from pipeline.networks import Trunk, network_state


def images(n_images: int = 5, size_px: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n_images, size_px, size_px, 3), dtype=np.uint8)


@pytest.mark.parametrize("size_px", [32, 64, 112])
def test_logits_are_means_of_four_by_four_maps(size_px: int) -> None:
    model = build_attribute_predictor("small_residual", 7, None, seed=0)
    logits, activations = predict_attributes(model, images(3, size_px), 2, "cpu")
    assert (logits.shape, activations.shape) == ((3, 7), (3, 7, 4, 4))
    assert (logits.dtype, activations.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(logits, activations.mean(axis=(2, 3)), atol=1e-6)


def test_maps_are_the_convolution_without_bias() -> None:
    model = build_attribute_predictor("small_residual", 2, None, seed=0).eval()
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
    model = AttributePredictor(Trunk(nn.Identity(), 3), 2)
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
    first = network_state(build_attribute_predictor("small_residual", 4, None, seed=1))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    second = network_state(build_attribute_predictor("small_residual", 4, None, seed=1))
    other = network_state(build_attribute_predictor("small_residual", 4, None, seed=2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["attribute_maps.weight"], other["attribute_maps.weight"])


def test_state_restores_the_same_predictions() -> None:
    model = build_attribute_predictor("small_residual", 4, None, seed=1)
    model(normalise_pixels(images(4)))  # moves the batch statistics away from their start
    state = network_state(model)
    restored = restore_attribute_predictor("small_residual", 4, state)
    expected = predict_attributes(model, images(), 5, "cpu")
    for actual, wanted in zip(predict_attributes(restored, images(), 5, "cpu"), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    with pytest.raises(BadModel, match="5 attributes"):
        restore_attribute_predictor("small_residual", 5, state)
    with pytest.raises(BadModel, match="small_residual"):
        restore_attribute_predictor("small_residual", 4, {"nothing": np.zeros(1)})


def test_batches_agree_and_the_training_mode_is_kept() -> None:
    model = build_attribute_predictor("small_residual", 4, None, seed=1)
    assert model.training
    whole = predict_attributes(model, images(), 5, "cpu")
    assert model.training
    for actual, wanted in zip(predict_attributes(model, images(), 2, "cpu"), whole, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-5)
    read_only = images()
    read_only.flags.writeable = False
    predict_attributes(model, read_only, 2, "cpu")
    assert predict_attributes(model, images()[:0], 2, "cpu")[1].shape == (0, 4, 4, 4)


def test_outputs_that_are_not_finite_are_refused() -> None:
    model = build_attribute_predictor("small_residual", 4, None, seed=1)
    with torch.no_grad():
        model.attribute_maps.weight[2] = torch.nan
    with pytest.raises(BadModel, match="5 of 5 images"):
        predict_attributes(model, images(), 2, "cpu")


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(BadSetting, match="at least one attribute"):
        build_attribute_predictor("small_residual", 0, None, seed=0)
    with pytest.raises(BadSetting):
        build_attribute_predictor("no_such_network", 3, None, seed=0)
    with pytest.raises(BadSetting, match="batch size"):
        predict_attributes(build_attribute_predictor("small_residual", 4, None, 1), images(), 0, "cpu")
