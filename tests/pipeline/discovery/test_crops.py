"""Patches around peaks against loops, with copies that must fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.discovery.crops import Box, box_around, crop_side_px, full_size_patch
from pipeline.discovery.methods import PAPERS_CROP_SHARE
from pipeline.errors import BadSetting
from tests.oracles import discovery as oracle

SIZE, CELLS, SIDE = 24, 8, 9
PIXELS = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
# Whole numbers instead of the oracle's fractions of one.
ROUNDING = 1.01


def worst(box_of: object, cells: range = range(CELLS**2)) -> float:
    """Return the largest difference from the oracle, in levels, over some cells."""
    assert callable(box_of)
    return max(
        float(np.abs(full_size_patch(PIXELS, box_of(cell)) - oracle.crop(PIXELS, cell, CELLS, SIDE)).max())
        for cell in cells
    )


def box(cell: int) -> Box:
    return box_around(cell, CELLS, SIZE, SIDE)


def test_patches_are_the_oracles() -> None:
    # The corners, the middle, and what lies between.
    assert worst(box, range(0, CELLS**2, 7)) < ROUNDING


def test_broken_copies_are_noticed() -> None:
    def at_the_corner_of_the_cell(cell: int) -> Box:
        y, x = divmod(cell, CELLS)
        return Box(min(y * 3, SIZE - SIDE), min(x * 3, SIZE - SIDE), SIDE)

    def sides_swapped(cell: int) -> Box:
        found = box(cell)
        return Box(found.left, found.top, found.side)

    def too_small(cell: int) -> Box:
        found = box(cell)
        return Box(found.top, found.left, SIDE - 1)

    for broken in (at_the_corner_of_the_cell, sides_swapped, too_small):
        assert worst(broken, range(18, 21)) > 10


def test_aligned_corners_are_noticed() -> None:
    rows = np.linspace(0, SIDE - 1, SIZE)
    inside = PIXELS[box(27).top :, box(27).left :][:SIDE, :SIDE]
    nearest = inside[np.round(rows).astype(int)][:, np.round(rows).astype(int)]
    assert np.abs(nearest - oracle.crop(PIXELS, 27, CELLS, SIDE)).max() > 10


@given(st.integers(1, 40), st.integers(1, 200), st.floats(0.001, 1))
def test_boxes_lie_inside_the_image(cells: int, size: int, share: float) -> None:
    side = crop_side_px(size, share)
    for cell in (0, cells - 1, cells**2 // 2, cells**2 - 1):
        found = box_around(cell, cells, size, side)
        assert 0 <= found.top <= size - found.side
        assert 0 <= found.left <= size - found.side


def test_the_papers_patch_scales_with_the_image() -> None:
    assert [crop_side_px(size, PAPERS_CROP_SHARE) for size in (112, 224, 64, 2)] == [30, 60, 17, 1]
    for share in (0, 1.01, float("nan")):
        with pytest.raises(BadSetting, match=r"discovery\.crop_share"):
            crop_side_px(112, share)


def test_the_whole_image_is_itself() -> None:
    np.testing.assert_array_equal(full_size_patch(PIXELS, Box(0, 0, SIZE)), PIXELS)
