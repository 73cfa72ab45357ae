"""Seeds of maps whose thresholds are worked out by hand, and of frames."""

import cv2
import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation.segmentation.seeds import SeedSpec, frame_seeds, seeds_of_map

GROUND, OBJECT, LIKELY_GROUND, LIKELY_OBJECT = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD
SPEC = SeedSpec("range", 0.8, 0.5, 0.2)


def test_by_range_thresholds_are_of_the_scaled_map() -> None:
    seeds = seeds_of_map(np.array([[-1.0, -0.8, 0.0, 0.9, 1.0, np.nan]]), SPEC)
    assert seeds is not None
    assert seeds.tolist() == [[GROUND, GROUND, LIKELY_OBJECT, OBJECT, OBJECT, LIKELY_GROUND]]


def test_by_rank_thresholds_are_shares_of_pixels_whatever_the_values() -> None:
    values = np.array([[0.0, 0.0, 0.0, 0.0, 1e-6, 1.0, 2.0, 3.0, 1e3, 1e6]])
    expected = [GROUND] * 4 + [LIKELY_GROUND] + [LIKELY_OBJECT] * 3 + [OBJECT] * 2
    for map_yx in (values, np.log1p(values) - 3):
        seeds = seeds_of_map(map_yx, SeedSpec("rank", 0.8, 0.5, 0.3))
        assert seeds is not None
        assert seeds.tolist() == [expected]
    # The same map by range seeds one pixel.
    by_range = seeds_of_map(values, SPEC)
    assert by_range is not None
    assert (by_range == OBJECT).sum() == 1


@pytest.mark.parametrize("value", [0.0, 3.5, np.nan])
def test_a_map_that_is_the_same_everywhere_seeds_nothing(value: float) -> None:
    assert seeds_of_map(np.full((4, 4), value), SPEC) is None


@pytest.mark.parametrize("thresholds", [(0.5, 0.6, 0.2), (0.8, 0.1, 0.2), (0.8, 0.5, -0.1), (float("nan"), 0.5, 0.2)])
def test_thresholds_out_of_order_are_refused(thresholds: tuple[float, float, float]) -> None:
    with pytest.raises(BadSetting, match="order"):
        SeedSpec("range", *thresholds)


def test_a_frame_is_ground_around_what_begins_as_object() -> None:
    seeds = frame_seeds(10, 20, 0.1)
    assert (seeds == LIKELY_OBJECT).sum() == 8 * 16
    assert (seeds[[0, -1]] == GROUND).all()
    assert (seeds[:, [0, 1, -2, -1]] == GROUND).all()
    for margin in (0.0, 0.5):
        with pytest.raises(BadSetting, match="narrower"):
            frame_seeds(10, 20, margin)
