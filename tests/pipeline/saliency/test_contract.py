"""What checked_maps lets through."""

import numpy as np
import pytest

from pipeline.errors import BadModel
from pipeline.saliency.contract import SaliencyRequest, checked_maps

REQUEST = SaliencyRequest("lion 7", np.zeros((4, 6, 3), np.uint8), np.ones((2, 5), np.float32))


def test_good_maps_come_back_as_float32() -> None:
    maps = np.random.default_rng(0).normal(size=(2, 4, 6))
    checked = checked_maps(maps, REQUEST, "rise")
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, maps.astype(np.float32))


@pytest.mark.parametrize("shape", [(1, 4, 6), (2, 6, 4), (4, 6), (2, 4, 6, 1)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadModel, match=r"shape \(2, 4, 6\)") as error:
        checked_maps(np.zeros(shape), REQUEST, "rise")
    assert str(shape) in error.value.found
    assert "query lion 7" in error.value.where


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    maps = np.zeros((2, 4, 6))
    maps[1, 2, 3] = value
    with pytest.raises(BadModel, match="1 values not finite"):
        checked_maps(maps, REQUEST, "rise")
