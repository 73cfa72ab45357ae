"""Where a map is brightest, in words."""

import numpy as np
import pytest

from pipeline.report.brightness import brightest_place


@pytest.mark.parametrize(
    ("place", "words"),
    [((2, 2), "upper left"), ((2, 15), "top"), ((15, 27), "right"), ((15, 15), "centre"), ((28, 28), "lower right")],
)
def test_one_spot(place: tuple[int, int], words: str) -> None:
    y, x = np.mgrid[:30, :30]
    map_yx = np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / 20)
    assert brightest_place(map_yx) == words


def test_two_spots_are_not_the_centre_between_them() -> None:
    map_yx = np.zeros((30, 30))
    map_yx[12:17, 1:8], map_yx[12:17, 22:29] = 1.0, 0.9
    assert brightest_place(map_yx) == "left"


def test_a_flat_map_is_nowhere_bright() -> None:
    assert brightest_place(np.ones((5, 5))) == "nowhere"
