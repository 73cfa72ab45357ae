"""Where the windows lie: every pixel often enough, whatever the image's size."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.saliency.sliding_window import windows
from pipeline.saliency.sliding_window.geometry import WINDOW_SIDES
from pipeline.saliency.sliding_window.windows import WindowGrid, window_grid
from tests.oracles import sliding_window as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

SIDES = {"papers": oracle.PAPERS_SIDE, "authors_code": oracle.AUTHORS_SIDE}


def coverage(grid: WindowGrid) -> np.ndarray:
    """Return how many windows remove each pixel (y, x)."""
    covered: np.ndarray = (1 - grid.render(0, len(grid)).numpy()).sum(axis=0)
    return covered


@pytest.mark.parametrize("geometry", list(SIDES))
@pytest.mark.parametrize("size_px", [48, 64, 112, 224])
def test_every_pixel_is_covered_by_three_windows_along_each_axis(geometry: str, size_px: int) -> None:
    grid = window_grid(25, WINDOW_SIDES[geometry], 3, size_px)
    assert len(grid) == 625
    covered = coverage(grid)
    assert covered.min() == covered[0, 0] == covered[-1, -1] == 9
    assert covered.shape == (size_px, size_px)


@given(size_px=st.integers(1, 400), per_side=st.integers(13, 40), geometry=st.sampled_from(list(SIDES)))
@settings(max_examples=60, deadline=None)
def test_that_holds_for_any_size_and_number(size_px: int, per_side: int, geometry: str) -> None:
    removed = ~window_grid(per_side, WINDOW_SIDES[geometry], 3, size_px).is_kept_np
    along_an_axis = removed.sum(axis=0)
    assert along_an_axis.min() >= 3
    # Left and right, top and bottom are alike.
    np.testing.assert_array_equal(along_an_axis, along_an_axis[::-1])


def test_the_authors_code_moves_32_px_by_4_px_and_overhangs_by_8() -> None:
    removed = ~window_grid(25, WINDOW_SIDES["authors_code"], 3, 112).is_kept_np
    for number in range(25):
        start = -8 + 4 * number
        expected = np.zeros(112, dtype=bool)
        expected[max(start, 0) : start + 32] = True
        np.testing.assert_array_equal(removed[number], expected)


@pytest.mark.parametrize("size_px", [56, 112, 224])
def test_the_papers_windows_have_an_eighth_of_the_area(size_px: int) -> None:
    grid = window_grid(25, WINDOW_SIDES["papers"], 3, size_px)
    inner = 1 - grid.render(312, 313).numpy()
    assert inner.sum() / size_px**2 == pytest.approx(0.12, abs=0.01)
    assert Fraction(WINDOW_SIDES["papers"], 112) ** 2 == pytest.approx(0.12, abs=0.002)


@pytest.mark.parametrize(
    ("per_side", "geometry", "at_the_edge", "size_px"),
    [(25, "papers", 3, 16), (13, "authors_code", 3, 15), (6, "papers", 1, 16), (6, "authors_code", 1, 13)],
)
def test_masks_equal_the_oracle(per_side: int, geometry: str, at_the_edge: int, size_px: int) -> None:
    grid = window_grid(per_side, WINDOW_SIDES[geometry], at_the_edge, size_px)
    expected = oracle.masks(per_side, SIDES[geometry], at_the_edge, size_px)
    np.testing.assert_array_equal(grid.render(0, len(grid)).numpy(), expected)
    parts = [grid.render(start, min(start + 7, len(grid))).numpy() for start in range(0, len(grid), 7)]
    np.testing.assert_array_equal(np.concatenate(parts), expected)
    interleaved = grid.render(2, 5, channels=3).numpy().reshape(3, size_px, size_px, 3)
    for channel in range(3):
        np.testing.assert_array_equal(interleaved[..., channel], expected[2:5])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("per_side + 1 - 2 * at_the_edge", "per_side - 1"),
        ("(at_the_edge - 1)", "at_the_edge"),
        ("2 * np.arange(image_size_px, dtype=np.int64) + 1", "2 * np.arange(image_size_px, dtype=np.int64)"),
        ("side * steps * 2 * image_size_px", "(side - 7) * steps * 2 * image_size_px"),
        ("windows // len(kept)", "windows % len(kept)"),
        ("torch.maximum(", "torch.minimum("),
    ],
    ids=["no overhang", "shifted", "corners for centres", "too short", "diagonal only", "rows or columns"],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    grid = broken_copy(windows, tmp_path, right, wrong).window_grid(25, WINDOW_SIDES["papers"], 3, 16)
    expected = oracle.masks(25, SIDES["papers"], 3, 16)
    assert (grid.render(0, len(grid)).numpy() != expected).any()


def test_reference_windows_lie_within_the_image() -> None:
    removed = ~window_grid(6, WINDOW_SIDES["papers"], 1, 112).is_kept_np
    np.testing.assert_array_equal(removed.sum(axis=1), [39] * 6)
    assert removed[0, 0]
    assert removed[-1, -1]


@pytest.mark.parametrize(("per_side", "at_the_edge", "fewest"), [(10, 3, 11), (2, 1, 3), (0, 1, 3), (5, 3, 11)])
def test_too_few_windows_are_refused(per_side: int, at_the_edge: int, fewest: int) -> None:
    with pytest.raises(BadSetting, match=rf"at least {fewest} windows of 39/112[\s\S]*found: {per_side}"):
        window_grid(per_side, 39, at_the_edge, 112)
    assert coverage(window_grid(fewest, 39, at_the_edge, 112)).min() == at_the_edge**2
