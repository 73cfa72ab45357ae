"""Where a map is bright, in words."""

import numpy as np
import pytest

from pipeline.report.map_words import PLACES, bright_place, map_words


@pytest.mark.parametrize("place", range(9))
def test_the_brightest_field_is_named(place: int) -> None:
    map_hw = np.zeros((9, 9))
    row, column = divmod(place, 3)
    map_hw[3 * row : 3 * row + 3, 3 * column : 3 * column + 3] = 1
    assert bright_place(map_hw) == place
    assert map_words(map_hw) == f"brightest {PLACES[place]}"


def test_a_field_counts_by_its_mean_not_by_one_peak() -> None:
    map_hw = np.zeros((9, 9))
    map_hw[0, 0] = 2
    map_hw[6:, 6:] = 1
    assert bright_place(map_hw) == 8


@pytest.mark.parametrize("map_hw", [np.ones((6, 6)), np.full((6, 6), np.nan), np.eye(2)])
def test_maps_that_say_nothing_have_no_place(map_hw: np.ndarray) -> None:
    assert bright_place(map_hw) is None
    assert map_words(map_hw) == ""


def test_no_map_has_no_words() -> None:
    assert map_words(None) == ""
