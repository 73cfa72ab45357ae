"""Maps over images."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.report.overlays import SHOWN_SIZE_PX, image_uri, legend_gradient, overlay, overlay_uri, unit_range


def grey_image(side=32):
    return np.full((side, side, 3), 128, dtype=np.uint8)


def test_the_brightest_place_is_where_the_map_is_largest():
    saliency = np.zeros((32, 32), dtype=np.float16)
    saliency[4:8, 20:24] = 1
    shown = overlay(grey_image(), saliency)
    assert shown is not None
    assert shown.shape == (SHOWN_SIZE_PX, SHOWN_SIZE_PX, 3)
    y, x = np.unravel_index(shown.sum(axis=2).argmax(), shown.shape[:2])
    assert 4 <= y * 32 / SHOWN_SIZE_PX < 8
    assert 20 <= x * 32 / SHOWN_SIZE_PX < 24


def test_each_map_is_scaled_by_its_own_range():
    rng = np.random.default_rng(0)
    saliency = rng.normal(size=(8, 8))
    scaled = unit_range(saliency)
    assert scaled is not None
    assert (scaled.min(), scaled.max()) == (0, 1)
    assert unit_range(saliency * 3 - 5) == pytest.approx(scaled, abs=1e-6)


@pytest.mark.parametrize("flat", [np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_a_map_without_contrast_gives_no_overlay(flat):
    assert overlay(grey_image(), flat) is None
    assert overlay_uri(grey_image(), flat) is None


def test_pictures_are_jpeg_data_uris():
    kind, _, data = image_uri(grey_image()).partition(",")
    assert kind == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == (SHOWN_SIZE_PX, SHOWN_SIZE_PX)
    assert np.abs(np.asarray(picture).astype(int) - 128).max() <= 1


def test_the_legend_runs_from_dark_to_bright():
    assert legend_gradient().startswith("linear-gradient(to right, #000004")
    assert legend_gradient().endswith("#fcffa4)")
