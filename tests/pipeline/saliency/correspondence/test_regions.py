"""Where regions lie."""

import numpy as np
import pytest

from pipeline.saliency.correspondence.regions import centre_of_mass


def test_the_centre_of_mass_is_that_of_what_is_positive() -> None:
    region_yx = np.zeros((4, 8))
    region_yx[3, 0], region_yx[0, 0], region_yx[0, 7] = 2, 2, -5
    assert centre_of_mass(region_yx) == pytest.approx((0.5, 1 / 16))


def test_a_region_of_nothing_has_its_centre_at_the_origin() -> None:
    assert centre_of_mass(np.zeros((3, 3))) == (0.0, 0.0)
