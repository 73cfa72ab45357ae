"""Discs around parts, against every pixel by itself."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.audit import part_regions as module
from tests.pipeline.evaluation.broken_copy import broken_copy

SIZE_PX = 41
POINTS = [(0.2, 0.7), (0.98, 0.03)]


def slow_region(points_xy, size_px):
    return np.array(
        [
            [
                any(math.hypot((x + 0.5) / size_px - px, (y + 0.5) / size_px - py) <= 15 / 224 for px, py in points_xy)
                for x in range(size_px)
            ]
            for y in range(size_px)
        ]
    )


def check_region(tested):
    np.testing.assert_array_equal(tested.part_region(POINTS, SIZE_PX), slow_region(POINTS, SIZE_PX))


def test_the_region_is_the_pixels_near_a_part():
    check_region(module)
    assert not module.part_region([], SIZE_PX).any()
    # A disc of 15 px at 224 px, give or take what its rim cuts.
    assert module.part_region([(0.5, 0.5)], 224).sum() == pytest.approx(math.pi * 15**2, rel=0.02)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4), st.integers(1, 30))
def test_more_parts_never_make_a_smaller_region(points, size_px):
    whole = module.part_region(points, size_px)
    for point in points:
        assert (whole | ~module.part_region([point], size_px)).all()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("centres[:, None] - y", "centres[:, None] - x"),
        ("region_yx |=", "region_yx ="),
        ("+ 0.5) / size_px", ") / size_px"),
        ("<= RADIUS_SHARE**2", "<= RADIUS_SHARE"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_region(broken_copy(module, tmp_path, right, wrong))
