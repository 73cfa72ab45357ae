import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.datasets.planted.shapes import (
    box_distance,
    capsule_distance,
    disc_distance,
    ellipse_distance,
    intersection,
    pixel_coverage,
    polygon_distance,
    ring_distance,
    union,
)

SQUARE_CLOCKWISE = [(-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2)]
coordinate = st.floats(-0.5, 0.5, width=32)


def grid(size: int = 41) -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    return line[None, :], line[:, None]


def at(x: float, y: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([[x]], dtype=np.float32), np.array([[y]], dtype=np.float32)


def check_same_inside(first: np.ndarray, second: np.ndarray) -> None:
    assert np.array_equal(first < 0, second < 0)


def test_a_clockwise_square_is_a_box_and_an_anticlockwise_one_is_not() -> None:
    x, y = grid()
    box = box_distance(x, y, (0.0, 0.0), (0.2, 0.2))
    np.testing.assert_allclose(polygon_distance(x, y, SQUARE_CLOCKWISE), box, atol=1e-6)
    with pytest.raises(AssertionError):
        check_same_inside(polygon_distance(x, y, SQUARE_CLOCKWISE[::-1]), box)


@given(x=coordinate, y=coordinate)
def test_a_disc_measures_the_distance_to_its_centre(x: float, y: float) -> None:
    found = disc_distance(*at(x, y), (0.1, -0.2), 0.3)
    expected = ((x - 0.1) ** 2 + (y + 0.2) ** 2) ** 0.5 - 0.3
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_an_ellipse_is_zero_on_its_outline_and_exact_when_round() -> None:
    angles = np.linspace(0, 2 * np.pi, 50)
    for angle in angles:
        x, y = at(0.1 + 0.3 * np.cos(angle), -0.1 + 0.2 * np.sin(angle))
        assert abs(ellipse_distance(x, y, (0.1, -0.1), (0.3, 0.2)).item()) < 1e-6
    x, y = grid(40)
    np.testing.assert_allclose(
        ellipse_distance(x, y, (0.0, 0.0), (0.2, 0.2)), disc_distance(x, y, (0.0, 0.0), 0.2), atol=1e-5
    )
    assert ellipse_distance(*at(0, 0), (0.0, 0.0), (0.3, 0.2)).item() < 0


def test_an_ellipse_steps_by_true_distances_along_both_axes() -> None:
    for x, y in (at(0.31, 0), at(0, 0.21)):
        assert ellipse_distance(x, y, (0.0, 0.0), (0.3, 0.2)).item() == pytest.approx(0.01, rel=0.05)


def test_a_capsule_is_a_thick_line() -> None:
    ends = ((-0.2, 0.0), (0.2, 0.0))
    assert capsule_distance(*at(0.1, 0.08), *ends, 0.05).item() == pytest.approx(0.03, abs=1e-6)
    assert capsule_distance(*at(0.3, 0.0), *ends, 0.05).item() == pytest.approx(0.05, abs=1e-6)
    assert capsule_distance(*at(0.0, 0.0), *ends, 0.05).item() == pytest.approx(-0.05, abs=1e-6)


def test_set_operations_follow_their_names() -> None:
    x, y = grid()
    left, right = disc_distance(x, y, (-0.1, 0.0), 0.2), disc_distance(x, y, (0.1, 0.0), 0.2)
    check_same_inside(union(left, right), np.where((left < 0) | (right < 0), -1, 1))
    check_same_inside(intersection(left, right), np.where((left < 0) & (right < 0), -1, 1))
    check_same_inside(ring_distance(left, 0.05), np.where(abs(left) < 0.05, -1, 1))


def test_coverage_sums_to_the_area_of_a_shape() -> None:
    size = 64
    line = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    x, y = line[None, :], line[:, None]
    coverage = pixel_coverage(disc_distance(x, y, (0.01, 0.02), 0.3), size)
    assert coverage.sum() / size**2 == pytest.approx(np.pi * 0.09, rel=2e-3)
    assert (coverage.min(), coverage.max()) == (0, 1)
    assert pixel_coverage(np.zeros((1, 1), dtype=np.float32), size).item() == 0.5
