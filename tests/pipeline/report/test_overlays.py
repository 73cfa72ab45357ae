"""Maps over images."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets.fitting import CoveredBox
from pipeline.report.overlays import SHOWN_SIZE_PX, image_uri, legend_gradient, overlay, overlay_uri, unit_range
from pipeline.report.shown_image import ShownImage


def grey_image(side=32):
    return ShownImage(np.full((side, side, 3), 128, dtype=np.uint8))


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


def picture(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))).astype(int)


def portrait(seen=None):
    """A photograph of 40 x 80 px, red above and green below."""
    pixels = np.zeros((80, 40, 3), np.uint8)
    pixels[:40, :, 0] = pixels[40:, :, 1] = 200
    return ShownImage(pixels, seen)


def spot(x, y, side=8):
    saliency = np.zeros((side, side), np.float32)
    saliency[y, x] = 1
    return saliency


def brightest(shown):
    """Where it is, as shares of width and height."""
    y, x = np.unravel_index(shown.astype(int).sum(axis=2).argmax(), shown.shape[:2])
    return (x + 0.5) / shown.shape[1], (y + 0.5) / shown.shape[0]


CROPPED, PADDED = CoveredBox(0, 20, 40, 40), CoveredBox(-20, 0, 80, 80)


def test_pictures_have_the_shape_of_the_photograph():
    assert picture(image_uri(portrait(PADDED), 160)).shape == (160, 80, 3)
    assert overlay(portrait(CROPPED), spot(1, 1), 160).shape == (160, 80, 3)
    assert overlay(portrait(), spot(1, 1), 160).shape == (160, 80, 3)


def test_what_the_model_does_not_see_is_faded_and_hatched():
    plain, cropped = (picture(image_uri(portrait(box), 160)) for box in (PADDED, CROPPED))
    # JPEG smears the border over its blocks of 8 px.
    assert np.abs(cropped[48:112] - plain[48:112]).max() <= 12
    assert np.abs(plain[:76] - (200, 0, 0)).max() <= 12
    for unseen in (cropped[:36], cropped[124:]):
        assert unseen.min(axis=2).mean() > 90
        assert unseen.sum(axis=2).std() > 30
    over = overlay(portrait(CROPPED), spot(3, 3), 160).astype(int)
    assert np.abs(over[:36] - cropped[:36]).mean() < 6
    assert not np.allclose(over[48:112], cropped[48:112], atol=30)


@pytest.mark.parametrize(
    ("seen", "cell", "place"),
    [
        (CROPPED, (0, 0), (0.0625, 0.28125)),
        (CROPPED, (7, 7), (0.9375, 0.71875)),
        (PADDED, (2, 0), (0.125, 0.0625)),
        (PADDED, (5, 7), (0.875, 0.9375)),
        (None, (6, 1), (0.8125, 0.1875)),
    ],
)
def test_a_map_lies_on_what_the_model_saw(seen, cell, place):
    grey = ShownImage(np.full((80, 40, 3), 60, np.uint8), seen)
    shown = overlay(grey, spot(*cell), 160)
    if seen is CROPPED:
        shown[:40], shown[120:] = 0, 0
    assert brightest(shown) == pytest.approx(place, abs=0.07)


def test_what_a_map_says_of_borders_is_left_out():
    on_border = overlay(portrait(PADDED), spot(0, 4), 160)
    nowhere = np.zeros((8, 8), np.float32)
    nowhere[0, 0] = 1e-6
    assert np.abs(on_border.astype(int) - overlay(portrait(PADDED), nowhere, 160)).max() == 0
