"""Normalised pixels against loops, and that nothing of the caller's changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.datasets.image_decoding import decode_image
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB, normalise_pixels
from tests.oracles import rise as oracle


@given(images=st.integers(1, 3), height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_equals_loops(images: int, height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (images, height, width, 3), dtype=np.uint8)
    before = pixels.copy()
    normalised = normalise_pixels(pixels)
    assert normalised.dtype == torch.float32
    assert normalised.shape == (images, 3, height, width)
    np.testing.assert_allclose(normalised.numpy(), [oracle.normalised(one) for one in pixels], atol=2e-6)
    np.testing.assert_array_equal(pixels, before)


def test_comparator_rejects_broken_copies() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3), dtype=np.uint8)
    expected = oracle.normalised(pixels[0])
    right = normalise_pixels(pixels)[0].numpy()
    np.testing.assert_allclose(right, expected, atol=2e-6)
    broken = {
        "channels reversed": normalise_pixels(pixels[..., ::-1].copy())[0].numpy(),
        "x and y swapped": right.transpose(0, 2, 1),
        "divided by 256": normalise_pixels((pixels / 256 * 255).astype(np.uint8))[0].numpy(),
        "mean left in": right + np.reshape(IMAGENET_MEAN_RGB, (3, 1, 1)),
        "not divided by the deviation": right * np.reshape(IMAGENET_DEVIATION_RGB, (3, 1, 1)),
    }
    for name, wrong in broken.items():
        assert np.abs(wrong - expected).max() > 1e-3, name


def test_the_mean_colour_becomes_zero() -> None:
    mean = np.round(np.array(IMAGENET_MEAN_RGB) * 255).astype(np.uint8)
    assert normalise_pixels(np.tile(mean, (1, 4, 4, 1))).abs().max() < 0.01


def test_tensors_are_taken_too() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 3), dtype=np.uint8)
    torch.testing.assert_close(normalise_pixels(torch.tensor(pixels)), normalise_pixels(pixels), rtol=0, atol=0)


def test_memory_is_channels_last() -> None:
    assert normalise_pixels(np.zeros((2, 8, 8, 3), np.uint8)).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("writable", [True, False])
def test_decoded_pixels_go_straight_in(writable: bool, tmp_path: object) -> None:
    pixels, _ = decode_image(b"P6 4 4 255\n" + bytes(range(48)), "four.ppm", 4, (0, 0, 0))
    if writable:
        pixels = pixels.copy()
    assert normalise_pixels(pixels[None]).shape == (1, 3, 4, 4)
