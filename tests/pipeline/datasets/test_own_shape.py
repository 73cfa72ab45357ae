"""Photographs in their own shape go through the decoder, with its orientation, colours, depth and limits."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets import image_decoding
from pipeline.datasets.own_shape import pixels_in_own_shape, shape_within
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadImage

SETTINGS = {"image_size_px": 8, "canvas": (255, 0, 0), "effective_resolution_px": 4, "fit": "crop"}
EXIF_ORIENTATION = 274


def encoded(image: Image.Image, suffix: str = "png", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=suffix, **how)
    return buffer.getvalue()


def shaped(data: bytes, long_side_px: int = 60, **settings: Any) -> tuple[np.ndarray, tuple[int, int]]:
    return pixels_in_own_shape(PixelSource("one", data, "one.png"), {**SETTINGS, **settings}, long_side_px)


def photograph(width: int = 90, height: int = 120) -> Image.Image:
    """Return a smooth image that is darkest above to the left."""
    across = np.linspace(0, 200, width)[None, :].repeat(height, 0)
    down = np.linspace(0, 200, height)[:, None].repeat(width, 1)
    return Image.fromarray(np.stack([across, down, (across + down) / 2], axis=-1).astype(np.uint8))


def test_the_whole_is_shown_whatever_the_fit() -> None:
    pixels, image_px = shaped(encoded(photograph()))
    assert image_px == (90, 120)
    assert pixels.shape == (60, 45, 3)
    expected = np.asarray(photograph().resize((45, 60), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(pixels.astype(int), expected.astype(int), atol=4)
    for fit in ("pad", "stretch"):
        np.testing.assert_array_equal(shaped(encoded(photograph()), fit=fit)[0], pixels)


@pytest.mark.parametrize(("orientation", "turn"), [(3, 2), (6, 1), (8, 3)])
def test_a_photograph_that_was_taken_sideways_is_upright(orientation: int, turn: int) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    # Turned against the clock, so that the orientation turns it back.
    turned = Image.fromarray(np.rot90(np.asarray(photograph()), turn).copy())
    pixels, image_px = shaped(encoded(turned, exif=exif))
    assert image_px == (90, 120)
    np.testing.assert_array_equal(pixels, shaped(encoded(photograph()))[0])


def test_colours_transparency_and_depth_are_those_of_the_decoder() -> None:
    ink = shaped(encoded(Image.new("CMYK", (30, 60), (0, 255, 0, 0)), "jpeg", quality=95))[0]
    assert ink.shape == (60, 30, 3)
    np.testing.assert_allclose(ink[30, 15].astype(int), (255, 0, 255), atol=6)
    assert (shaped(encoded(Image.new("RGBA", (30, 60), (0, 0, 0, 0))))[0] == (255, 0, 0)).all()
    wide = encoded(Image.fromarray(np.full((60, 30), 4095, np.uint16)))
    assert shaped(wide)[0].max() < 20
    assert shaped(wide, bit_depth=12)[0].min() == 255


def test_limits_of_the_decoder_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(image_decoding, "LARGEST_IMAGE_PIXELS", 1000)
    with pytest.raises(BadImage, match="over the limit"):
        shaped(encoded(photograph()))
    with pytest.raises(BadImage, match="readable format"):
        shaped(b"no image")


@pytest.mark.parametrize(("image_px", "shown"), [((3, 4), (168, 224)), ((9999, 1), (224, 1)), ((1, 1), (224, 224))])
def test_shapes_are_kept_as_far_as_whole_pixels_allow(image_px: tuple[int, int], shown: tuple[int, int]) -> None:
    assert shape_within(image_px, 224) == shown
