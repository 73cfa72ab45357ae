"""The example that is no neural network: what it sees, and what it cannot."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from skimage.color import rgb2lab

from tests.examples.example_module import load_example

PATH = Path(__file__).resolve().parents[2] / "examples" / "colour_histogram.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    return load_example(PATH)


def plain(*colour: float) -> np.ndarray:
    return np.broadcast_to(np.array(colour, dtype=np.float32)[:, None, None], (3, 20, 20))


def cosine(example: ModuleType, first: np.ndarray, second: np.ndarray) -> float:
    vectors = example.build().embed(np.stack([first, second])).astype(np.float64)
    return float(vectors[0] @ vectors[1] / np.prod(np.linalg.norm(vectors, axis=1)))


def test_colours_are_measured_as_others_measure_them(example: ModuleType) -> None:
    pixels = np.random.default_rng(0).random((500, 3))
    np.testing.assert_allclose(example.lab_of_rgb(pixels), rgb2lab(pixels), atol=0.02)


def test_bins_are_soft_and_lose_nothing(example: ModuleType) -> None:
    weights = example.soft_bins(np.array([-9.0, 0.0, 4.0, 5.0, 20.0, 99.0]), np.array([0.0, 10.0, 20.0]))
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights[2], [0.6, 0.4, 0.0])


def test_positions_do_not_count(example: ModuleType) -> None:
    image = np.random.default_rng(1).random((3, 20, 20)).astype(np.float32) * 0.9
    shuffled = np.random.default_rng(2).permutation(image.reshape(3, -1), axis=1).reshape(image.shape)
    assert cosine(example, image, shuffled) == pytest.approx(1, abs=1e-6)
    assert cosine(example, image, image[::-1]) < 0.99


def test_like_colours_are_alike_and_others_are_not(example: ModuleType) -> None:
    red, dark_red, blue = plain(0.8, 0.1, 0.1), plain(0.7, 0.1, 0.1), plain(0.1, 0.1, 0.8)
    assert cosine(example, red, dark_red) > 0.8
    assert cosine(example, red, blue) < 0.1


def test_a_white_background_is_left_out_unless_asked_for(example: ModuleType) -> None:
    item = np.array(plain(1.0, 1.0, 1.0))
    item[:, 5:15, 5:15] = plain(0.1, 0.5, 0.2)[:, :10, :10]
    full = plain(0.1, 0.5, 0.2)
    assert cosine(example, item, full) > 0.98
    kept = example.build(ignore_white=False).embed(np.stack([item, full])).astype(np.float64)
    assert kept[0] @ kept[1] / np.prod(np.linalg.norm(kept, axis=1)) < 0.7


def test_a_blank_image_has_a_vector(example: ModuleType) -> None:
    vectors = example.build().embed(np.stack([plain(1, 1, 1)]))
    assert vectors.shape == (1, 245)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors) > 0.01
