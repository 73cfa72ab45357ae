"""Where a map is bright, in words."""

import numpy as np
import pytest

from pipeline.report.map_words import PLACES, bright_place, map_words, place_words, region_words
from pipeline.saliency.correspondence.regions import centre_of_mass


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


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((2, 2), "at the top left"),
        ((2, 15), "at the top"),
        ((15, 27), "at the right"),
        ((15, 15), "in the middle"),
        ((28, 28), "at the bottom right"),
    ],
)
def test_one_spot(place: tuple[int, int], words: str) -> None:
    y, x = np.mgrid[:30, :30]
    assert place_words(np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / 20)) == words


def test_two_spots_are_not_the_middle_between_them() -> None:
    map_yx = np.zeros((30, 30))
    map_yx[12:17, 1:8], map_yx[12:17, 22:29] = 1.0, 0.9
    assert place_words(map_yx) == "at the left"


def test_a_spot_smaller_than_a_tenth_counts_though_fields_differ_in_size() -> None:
    map_yx = np.zeros((32, 32))
    map_yx[30:, 30:] = 1
    assert place_words(map_yx) == "at the bottom right"


def test_a_flat_map_is_nowhere_bright() -> None:
    assert place_words(np.ones((5, 5))) == "nowhere in particular"


def test_no_map_has_no_words() -> None:
    assert map_words(None) == ""


@pytest.mark.parametrize("place", range(9))
def test_a_region_in_one_ninth_has_the_words_of_a_map_that_is_bright_there(place: int) -> None:
    row, column = divmod(place, 3)
    region_yx = np.zeros((6, 6))
    region_yx[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = 1
    assert region_words(region_yx) == place_words(region_yx) == PLACES[place]


def test_a_wide_region_lies_where_its_centre_is() -> None:
    region_yx = np.zeros((6, 6))
    region_yx[:, :3] = 1
    assert region_words(region_yx) == "at the left"


def test_weak_values_all_around_do_not_draw_a_region_to_the_middle() -> None:
    region_yx = np.full((9, 9), 0.2)
    region_yx[0, 0] = 1
    assert region_words(region_yx) == "at the top left"
    assert centre_of_mass(region_yx)[0] > 1 / 3


@pytest.mark.parametrize("region_yx", [np.zeros((3, 3)), -np.ones((3, 3))])
def test_a_region_of_nothing_lies_nowhere(region_yx: np.ndarray) -> None:
    assert region_words(region_yx) == "nowhere in particular"
