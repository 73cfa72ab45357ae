"""CIELAB against scikit-image and exact values, and back again bit for bit."""

import numpy as np
from skimage.color import rgb2lab

from pipeline.evaluation.recolouring.colour_space import to_lab, to_pixels

CUBE = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3, indexing="ij"), axis=-1)


def test_every_pixel_comes_back() -> None:
    np.testing.assert_array_equal(to_pixels(to_lab(CUBE)), CUBE)


def test_values_are_those_of_another_implementation() -> None:
    # It rounds the matrix and the white point elsewhere.
    np.testing.assert_allclose(to_lab(CUBE), rgb2lab(CUBE), atol=0.02)


def test_greys_have_no_chroma() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    lab = to_lab(greys)
    np.testing.assert_allclose(lab[:, 1:], 0, atol=1e-9)
    np.testing.assert_allclose(lab[[0, 255], 0], [0, 100], atol=1e-9)
    assert (np.diff(lab[:, 0]) > 0).all()


def test_colours_that_screens_lack_are_clipped() -> None:
    assert to_pixels(np.array([[50.0, 200.0, 0.0]]))[0].tolist()[:2] == [255, 0]
