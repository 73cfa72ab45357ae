"""Small pictures: one size, equal bytes for equal pixels, names that no dataset can choose."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.report.shown_image import ShownImage
from pipeline.report.thumbnails import (
    THUMBNAIL_SIZE_PX,
    image_digest,
    image_thumbnail_path,
    query_thumbnail_path,
    thumbnail,
)


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("side", [16, 64, 224])
def test_all_have_one_size(side: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
    map_hw = np.random.default_rng(1).uniform(size=(side, side))
    for data in (thumbnail(ShownImage(pixels)), thumbnail(ShownImage(pixels), map_hw)):
        assert opened(data).shape == (THUMBNAIL_SIZE_PX, THUMBNAIL_SIZE_PX, 3)
        assert data.startswith(b"\xff\xd8")
    assert thumbnail(ShownImage(pixels), map_hw) == thumbnail(ShownImage(pixels), map_hw)


def test_a_map_lies_over_the_image_where_it_has_contrast() -> None:
    pixels = np.full((32, 32, 3), (200, 60, 60), np.uint8)
    map_hw = np.zeros((32, 32))
    map_hw[:16] = 1
    shown = opened(thumbnail(ShownImage(pixels), map_hw)).astype(int)
    assert shown[20, 64].sum() > shown[110, 64].sum() + 100
    assert (
        thumbnail(ShownImage(pixels), np.ones((32, 32)))
        == thumbnail(ShownImage(pixels))
        == thumbnail(ShownImage(pixels), None)
    )


def test_names_hold_no_text_of_the_dataset() -> None:
    assert query_thumbnail_path("0123456789abcdef") == "thumbnails/query-0123456789abcdef.jpg"
    hostile = "../../etc/<script>.jpg"
    assert image_thumbnail_path(hostile) == f"thumbnails/image-{image_digest(hostile)}.jpg"
    assert len(image_digest(hostile)) == 16
    assert image_digest(hostile) != image_digest(hostile + " ")
