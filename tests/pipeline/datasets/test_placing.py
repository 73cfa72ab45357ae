"""Maps of the model's square lie on the pixels of the image that the square was made of."""

import io
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.datasets import placing
from pipeline.datasets.fitting import CoveredBox, covered_box
from pipeline.datasets.image_decoding import FileReading, decode_image
from pipeline.datasets.placing import place_map, scaled_box, view_box
from tests.pipeline.evaluation.broken_copy import broken_copy

CANVAS = (0, 0, 0)
MARK = 255


def one_cell(side: int, x: int, y: int) -> np.ndarray:
    map_hw = np.zeros((side, side), np.float32)
    map_hw[y, x] = 1
    return map_hw


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("image_px", [(150, 50), (50, 150), (50, 50)])
def test_corner_cells_lie_in_the_corners_of_what_is_seen(fit: str, image_px: tuple[int, int]) -> None:
    width, height = image_px
    box = view_box(fit, image_px, 30)
    assert box == covered_box(fit, width, height)
    steps = (int(box.width) // 10, int(box.height) // 10)
    for x, y in ((0, 0), (9, 0), (0, 9), (9, 9)):
        placed = place_map(one_cell(10, x, y), box, image_px)
        starts = (int(box.left) + x * steps[0], int(box.top) + y * steps[1])
        middle_x, middle_y = (start + step // 2 for start, step in zip(starts, steps, strict=True))
        if 0 <= middle_x < width and 0 <= middle_y < height:
            assert placed[middle_y, middle_x] == pytest.approx(1)
            columns, rows = np.flatnonzero(placed[middle_y] > 0.5), np.flatnonzero(placed[:, middle_x] > 0.5)
            np.testing.assert_array_equal(columns, np.arange(starts[0], starts[0] + steps[0]))
            np.testing.assert_array_equal(rows, np.arange(starts[1], starts[1] + steps[1]))
        else:
            assert fit == "pad"
            assert not (placed > 0.5).any(), "a cell of the border lies on no pixel"


def test_what_crop_leaves_out_has_no_value() -> None:
    map_hw = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    placed = place_map(map_hw, view_box("crop", (30, 20), 20), (30, 20))
    assert np.isnan(placed[:, :5]).all()
    assert np.isnan(placed[:, 25:]).all()
    assert np.isfinite(placed[:, 5:25]).all()
    for fit in ("pad", "stretch"):
        assert np.isfinite(place_map(map_hw, view_box(fit, (30, 20), 20), (30, 20))).all()


def test_odd_sizes_are_rounded_as_the_decoder_rounds() -> None:
    # 101 x 60 px become 17 x 10, of which columns 3 to 12 are kept.
    box = view_box("crop", (101, 60), 10)
    assert (box.left, box.width) == pytest.approx((3 * 101 / 17, 10 * 101 / 17))
    # 100 x 61 px become 10 x 6, below 2 rows of border.
    box = view_box("pad", (100, 61), 10)
    assert (box.top, box.height) == pytest.approx((-2 * 61 / 6, 10 * 61 / 6))
    # A strip of a thousandth is one column of the square, not a hundredth of one.
    placed = place_map(one_cell(100, 49, 50), view_box("pad", (2, 2000), 100), (2, 2000))
    assert (placed[1010] > 0.5).all()


@pytest.mark.parametrize("picture_px", [(40, 40), (40, 25), (7, 9), (13, 13)])
def test_a_map_of_the_whole_is_resized_as_pillow_does(picture_px: tuple[int, int]) -> None:
    map_hw = np.random.default_rng(1).random((13, 13)).astype(np.float32)
    resized = np.asarray(Image.fromarray(map_hw).resize(picture_px, Image.Resampling.BICUBIC))
    placed = place_map(map_hw, CoveredBox(0, 0, *picture_px), picture_px)
    np.testing.assert_allclose(placed, np.clip(resized, map_hw.min(), map_hw.max()), atol=2e-6)


def test_a_box_follows_its_image_when_that_is_resized() -> None:
    assert scaled_box(CoveredBox(-10, 5, 20, 40), (100, 50), (50, 100)) == CoveredBox(-5, 10, 10, 80)


def seen_coordinates(fit: str, image_px: tuple[int, int], size_px: int, detail_px: int | None) -> np.ndarray:
    """Return the square of an image whose red is x, whose green is y, and whose blue marks it, through the decoder."""
    width, height = image_px
    image_yxc = np.full((height, width, 3), MARK, np.uint8)
    image_yxc[..., 0] = np.arange(width)
    image_yxc[..., 1] = np.arange(height)[:, None]
    buffer = io.BytesIO()
    Image.fromarray(image_yxc).save(buffer, format="PNG")
    square, found_px = decode_image(buffer.getvalue(), "coordinates", size_px, CANVAS, detail_px, FileReading(fit))
    assert found_px == image_px
    return square


def check_against_the_decoder(
    module: ModuleType, fit: str, image_px: tuple[int, int], size_px: int, detail_px: int | None
) -> None:
    """Compare a box with where pixels of the square came from, and one-cell maps with the pixels of their cells."""
    square = seen_coordinates(fit, image_px, size_px, detail_px).astype(np.float64)
    box = module.view_box(fit, image_px, size_px, detail_px)
    starts, lengths = (box.left, box.top), (box.width, box.height)
    is_image = square[..., 2] == MARK
    centres = [
        start + (np.arange(size_px) + 0.5) * length / size_px for start, length in zip(starts, lengths, strict=True)
    ]
    inside = [(centre > 0) & (centre < length) for centre, length in zip(centres, image_px, strict=True)]
    # Which pixels of the square are border is exact.
    np.testing.assert_array_equal(is_image, inside[1][:, None] & inside[0])
    # The decoder rounds colours at each resizing, and its filter has few taps where it enlarges reduced detail.
    is_panorama = fit == "crop" and max(image_px) > 16 * min(image_px)
    roundings = 1 + (detail_px is not None) + is_panorama
    filled = {"crop": [min(image_px)] * 2, "pad": [max(image_px)] * 2, "stretch": image_px}[fit]
    blurs = [
        max(length / size_px, 0 if detail_px is None else image / max(1, round(image * detail_px / side)))
        for length, image, side in zip(lengths, image_px, filled, strict=True)
    ]
    tolerances = [0.51 * roundings + (0.05 * blur if detail_px else 0) for blur in blurs]
    for axis, centre in enumerate(centres):
        found = square[..., axis] + 0.5
        found = found[inside[1]].mean(axis=0) if axis == 0 else found[:, inside[0]].mean(axis=1)
        # Beside the image's edges the filter is cut off and leans inwards.
        reach = 2 * blurs[axis] + 2
        is_inner = (centre > reach) & (centre < image_px[axis] - reach)
        np.testing.assert_allclose(found[is_inner], centre[is_inner], atol=tolerances[axis])
    for y, x in np.argwhere(is_image)[:: max(1, is_image.sum() // 5)]:
        placed = np.nan_to_num(module.place_map(one_cell(size_px, x, y), box, image_px))
        assert placed.max() > 0
        for axis in (0, 1):
            profile = placed.sum(axis=axis)
            place = (profile @ np.arange(len(profile))) / profile.sum()
            # To the pixel of the image, the rounding of colours, and what filters lean at edges.
            assert abs(place - square[y, x, axis]) <= 0.5 + tolerances[axis] + blurs[axis] / 2


FITS = st.sampled_from(["crop", "pad", "stretch"])
SIDES = st.integers(1, 255)


@given(FITS, st.tuples(SIDES, SIDES), st.integers(4, 48), st.none() | st.integers(4, 64))
@example("crop", (255, 7), 48, None)
@example("crop", (255, 7), 16, 5)
@example("crop", (200, 1), 8, None)
@example("pad", (3, 255), 30, None)
@example("pad", (100, 61), 10, 33)
@settings(max_examples=60, deadline=None)
def test_one_cell_lands_on_the_pixels_that_it_came_from(
    fit: str, image_px: tuple[int, int], size_px: int, detail_px: int | None
) -> None:
    check_against_the_decoder(placing, fit, image_px, size_px, detail_px)


HALF = "abs(side.length - view_size_px) // 2"
PANORAMA = "cut = [side.cut((side.length - length) / 2, length)"
CELLS = "np.arange(cells) + 0.5 - centres_x[:, None]"


@pytest.mark.parametrize(
    ("right", "wrong", "case"),
    [
        ("(1 if fit == CROP else -1)", "1", ("pad", (100, 61), 10, None)),
        (HALF, "(abs(side.length - view_size_px) + 1) // 2", ("pad", (197, 57), 12, None)),
        ("max(1, round(side.length * scale))", "side.length * scale", ("pad", (3, 255), 31, None)),
        (PANORAMA, "cut = [side.cut(0, length)", ("crop", (222, 5), 20, None)),
        ("self.start + begin * self.scale", "self.start + begin", ("crop", (200, 100), 10, None)),
        ("down_yh @ map_hw.astype(np.float64)", "down_yh @ map_hw.T.astype(np.float64)", ("crop", (90, 60), 12, None)),
        (CELLS, "np.arange(cells) + 2.0 - centres_x[:, None]", ("pad", (60, 60), 12, None)),
        ("sides = resize(sides, effective_resolution_px)", "pass", ("pad", (193, 144), 29, 9)),
    ],
)
def test_a_broken_placing_is_noticed(
    tmp_path: Path, right: str, wrong: str, case: tuple[str, tuple[int, int], int, int | None]
) -> None:
    check_against_the_decoder(placing, *case)
    with pytest.raises(AssertionError):
        check_against_the_decoder(broken_copy(placing, tmp_path, right, wrong), *case)
