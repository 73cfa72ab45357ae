"""Squares in which every symbol follows every other once."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.study.latin_squares import williams_square


def is_latin(square_rp: np.ndarray) -> bool:
    symbols = list(range(len(square_rp)))
    return all(sorted(line) == symbols for line in [*square_rp.tolist(), *square_rp.T.tolist()])


def is_balanced(square_rp: np.ndarray) -> bool:
    """Every symbol comes directly after every other exactly once."""
    follows = Counter(step for row in square_rp.tolist() for step in pairwise(row))
    return len(follows) == len(square_rp) * (len(square_rp) - 1) and set(follows.values()) == {1}


@given(st.integers(1, 20))
def test_squares_of_even_order_are_latin_and_balanced(half: int) -> None:
    square_rp = williams_square(2 * half)
    assert is_latin(square_rp)
    assert is_balanced(square_rp)


def test_the_checks_reject_squares_that_are_not() -> None:
    cyclic_rp = (np.arange(6)[:, None] + np.arange(6)) % 6
    assert is_latin(cyclic_rp)
    assert not is_balanced(cyclic_rp)
    assert not is_latin(np.zeros((4, 4), dtype=int))


@pytest.mark.parametrize("order", [-2, 0, 1, 7])
def test_other_orders_are_refused(order: int) -> None:
    with pytest.raises(BadSetting, match="even number"):
        williams_square(order)
