"""Where regions lie, as numbers and as words."""

import numpy as np
import pytest

from pipeline.saliency.correspondence.regions import centre_of_mass, place_in_words

NINTHS = [
    ["upper left", "top", "upper right"],
    ["left", "centre", "right"],
    ["lower left", "bottom", "lower right"],
]


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
def test_each_ninth_has_its_words(row: int, column: int) -> None:
    region_yx = np.zeros((6, 6))
    region_yx[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 1
    assert place_in_words(region_yx) == NINTHS[row][column]


def test_weak_values_all_around_do_not_draw_the_place_to_the_middle() -> None:
    region_yx = np.full((9, 9), 0.2)
    region_yx[0, 0] = 1
    assert place_in_words(region_yx) == "upper left"
    assert centre_of_mass(region_yx)[0] > 1 / 3


def test_the_centre_of_mass_is_that_of_what_is_positive() -> None:
    region_yx = np.zeros((4, 8))
    region_yx[3, 0], region_yx[0, 0], region_yx[0, 7] = 2, 2, -5
    assert centre_of_mass(region_yx) == pytest.approx((0.5, 1 / 16))


def test_a_region_of_nothing_is_nowhere() -> None:
    assert place_in_words(np.zeros((3, 3))) == "nowhere"
    assert place_in_words(-np.ones((3, 3))) == "nowhere"
    assert centre_of_mass(np.zeros((3, 3))) == (0.0, 0.0)
