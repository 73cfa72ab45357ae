"""Shapes of regions: each cell belongs to the strongest, and paths cover exactly the cells that are inside."""

import re

import numpy as np
import pytest

from pipeline.report.both_sides import MatchPart
from pipeline.report.pair_page import regions
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import make_part


def cells_of(path: str, shape: tuple[int, int]) -> np.ndarray:
    """Draw a path of rectangles, a cell at a time."""
    drawn = np.zeros(shape, dtype=int)
    for x, y, width, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path):
        assert width == back
        for step in range(int(width)):
            drawn[int(y), int(x) + step] += 1
    assert len(path) == sum(len(piece) for piece in re.findall(r"M\d+ \d+h\d+v1h-\d+z", path))
    return drawn


def assert_paths(tested=regions) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        query_khw, reference_khw = rng.uniform(0, 1, (2, 2, 7, 5))
        parts = [MatchPart(query_khw[k], reference_khw[k], 0.5, None, None) for k in range(2)]
        found = tested.page_regions(parts)
        assert found is not None
        assert found.query_cells == (5, 7)
        strength = query_khw / query_khw.max(axis=(1, 2), keepdims=True)
        for k in range(2):
            for name, least in (("outline", 0.25), ("core", 0.6)):
                wanted = np.zeros((7, 5), dtype=int)
                for y in range(7):
                    for x in range(5):
                        is_own = strength[k, y, x] >= strength[1 - k, y, x]
                        wanted[y, x] = is_own and strength[k, y, x] >= least
                assert (cells_of(getattr(found.parts[k].query, name), (7, 5)) == wanted).all()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("_BEGINS, _STRONG = 0.25, 0.6", "_BEGINS, _STRONG = 0.2, 0.6"),
        ("((0, 0), (1, 1))", "((0, 0), (0, 1))"),
        ("np.where(strongest_hw == number, strength_hw, 0)", "strength_hw"),
        ("M{start} {y}", "M{y} {start}"),
    ],
)
def test_a_path_covers_the_cells_that_are_inside_and_no_other(tmp_path, right: str, wrong: str) -> None:
    assert_paths()
    with pytest.raises((AssertionError, ValueError, IndexError)):
        assert_paths(broken_copy(regions, tmp_path, right, wrong))


def test_no_parts_no_shapes_and_never_more_than_there_are_colours() -> None:
    assert regions.page_regions([]) is None
    many = regions.page_regions([make_part(slice(k, k + 1), 0.2, None) for k in range(6)])
    assert many is not None
    assert len(many.parts) == len({part.colour for part in many.parts}) == 4


def test_a_region_of_nothing_has_no_shape() -> None:
    found = regions.page_regions([MatchPart(np.zeros((3, 3)), np.ones((3, 3)), 1.0, None, "a")])
    assert found is not None
    assert found.parts[0].query.outline == ""
    assert found.parts[0].reference.outline == "M0 0h3v1h-3zM0 1h3v1h-3zM0 2h3v1h-3z"
    assert found.parts[0].name == "Part 1, 100 %, a"


@pytest.mark.parametrize(
    ("chances", "is_told"),
    [((0.3, 1.0), True), ((0.06,), True), ((0.05, 1.0), False), ((None, 0.9), False), ((0.0,), False)],
)
def test_regions_no_larger_than_those_of_unrelated_images_are_told(chances, is_told: bool) -> None:
    parts = [MatchPart(np.ones((3, 3)), np.ones((3, 3)), 0.5, chance, None) for chance in chances]
    assert regions.page_regions(parts).caution.startswith("No region here") is is_told
