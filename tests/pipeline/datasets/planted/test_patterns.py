import numpy as np
import pytest

from pipeline.datasets.planted.patterns import (
    CHECK_PERIOD,
    DOT_PERIOD,
    DOT_RADIUS,
    STRIPE_PERIOD,
    pattern_distance,
)

SIZE = 200
LINE = ((np.arange(SIZE) + 0.5) / SIZE - 0.5).astype(np.float32)


def ink_of(pattern: str) -> np.ndarray:
    distances = pattern_distance(pattern, LINE[None, :], LINE[:, None])
    assert distances is not None
    assert distances.shape == (SIZE, SIZE)
    return distances < 0


def ink_at(pattern: str, x: float, y: float) -> bool:
    """The pattern from its definition, a point at a time."""

    def in_band(position: float, period: float) -> bool:
        return (position / period + 0.25) % 1 < 0.5

    if pattern == "stripes":
        return in_band(y, STRIPE_PERIOD)
    if pattern == "checks":
        return in_band(x, CHECK_PERIOD) != in_band(y, CHECK_PERIOD)
    centres = [(i / 2, j / 2) for i in range(-14, 15) for j in range(-14, 15) if i % 2 == j % 2]
    return any((x - i * DOT_PERIOD) ** 2 + (y - j * DOT_PERIOD) ** 2 < DOT_RADIUS**2 for i, j in centres)


def check_against_definition(ink: np.ndarray, pattern: str) -> None:
    rows = range(3, SIZE, 17)
    expected = [[ink_at(pattern, float(LINE[column]), float(LINE[row])) for column in rows] for row in rows]
    assert np.mean(ink[3::17, 3::17] != np.array(expected)) < 0.02


@pytest.mark.parametrize("pattern", ["stripes", "dots", "checks"])
def test_ink_lies_where_the_definition_says(pattern: str) -> None:
    check_against_definition(ink_of(pattern), pattern)


@pytest.mark.parametrize("pattern", ["stripes", "dots", "checks"])
def test_the_comparison_notices_another_pattern(pattern: str) -> None:
    shifted = np.roll(ink_of(pattern), 11, axis=0)
    with pytest.raises(AssertionError):
        check_against_definition(shifted, pattern)


def test_plain_has_no_ink_and_the_others_differ_much() -> None:
    assert pattern_distance("plain", LINE[None, :], LINE[:, None]) is None
    inks = [ink_of(pattern) for pattern in ("stripes", "dots", "checks")]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert np.mean(inks[first] != inks[second]) > 0.2
