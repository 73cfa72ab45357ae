"""Which attributes are values of one factor."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.explanation.exclusive_factors import exclusive_factors

NAMES = ["usage:Casual", "usage:Sports", "logo", "colour:red", "colour:blue", "pattern:plain"]
LABELS = np.array(
    [
        [1, 0, 1, 1, 1, 1],
        [0, 1, 0, 1, 0, 0],
        [0, 0, 1, 0, 1, 1],
    ],
    dtype=bool,
)


def test_names_alike_up_to_a_colon_are_a_factor_if_no_image_has_two_of_them() -> None:
    # The first image is red and blue, and a pattern has one value alone.
    assert exclusive_factors(NAMES, [-1] * 6, LABELS) == [0, 0, -1, -1, -1, -1]
    assert exclusive_factors(NAMES, [-1] * 6, LABELS[1:]) == [0, 0, -1, 1, 1, -1]


def test_declared_factors_stay() -> None:
    assert exclusive_factors(NAMES, [-1, -1, 4, 4, -1, -1], LABELS) == [5, 5, 4, 4, -1, -1]
    assert exclusive_factors([], [], LABELS[:, :0]) == []


def test_refuses_labels_of_other_attributes() -> None:
    with pytest.raises(BadSetting, match="factors of attributes"):
        exclusive_factors(NAMES, [-1] * 6, LABELS[:, :4])
