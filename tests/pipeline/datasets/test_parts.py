"""A point of a photograph is where the decoder puts it in the square."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.datasets import parts as module
from pipeline.datasets.image_decoding import FileReading, decode_image
from tests.pipeline.evaluation.broken_copy import broken_copy

SIZE_PX = 30
CASES = [
    (fit, image_px, point)
    for fit in ("crop", "pad", "stretch")
    for image_px in ((90, 60), (60, 90), (60, 60))
    for point in ((45, 30), (31, 57), (5, 8))
    if point[0] < image_px[0] and point[1] < image_px[1]
]


def check_all(tested) -> None:
    for fit, image_px, point in CASES:
        check_point(tested, fit, image_px, point)


def check_point(tested, fit: str, image_px: tuple[int, int], point: tuple[int, int]) -> None:
    """A white square around the point is brightest in the square where the point is said to be, if it is there."""
    image_yx = np.zeros(image_px[::-1], np.uint8)
    image_yx[max(point[1] - 2, 0) : point[1] + 3, max(point[0] - 2, 0) : point[0] + 3] = 255
    buffer = io.BytesIO()
    Image.fromarray(image_yx).convert("RGB").save(buffer, format="PNG")
    seen, _ = decode_image(buffer.getvalue(), "point", SIZE_PX, (0, 0, 0), None, FileReading(fit))
    found = tested.place_in_view((point[0] + 0.5, point[1] + 0.5), fit, image_px)
    bright = np.argwhere(seen[..., 0] > 60)
    assert (found is not None) == (len(bright) > 0)
    if found is not None:
        centre_y, centre_x = (bright.mean(axis=0) + 0.5) / SIZE_PX
        assert found == pytest.approx((centre_x, centre_y), abs=1.2 / SIZE_PX)


@pytest.mark.parametrize(("fit", "image_px", "point"), CASES)
def test_points_are_where_the_decoder_puts_them(fit: str, image_px: tuple[int, int], point: tuple[int, int]) -> None:
    check_point(module, fit, image_px, point)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(point_px[0] - box.left)", "point_px[0]"),
        ("/ box.height", "/ box.width"),
        ("if 0 <= x < 1 and 0 <= y < 1 else None", "if True else None"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right: str, wrong: str) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        check_all(broken)
