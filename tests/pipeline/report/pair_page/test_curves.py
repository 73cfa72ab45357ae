"""Curves as lines: first and last step at the ends, the largest value on top."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.report.pair_page import curves
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import make_map


def points(line: str) -> np.ndarray:
    return np.array([[float(value) for value in point.split(",")] for point in line.split()])


def assert_lines(tested=curves) -> None:
    values = np.array([0.2, 0.8, 0.5, 0.9, 0.4])
    one = replace(make_map("RISE", (1, 1)), insertion_t=values, deletion_t=values[::-1])
    drawing = tested.curve_drawing([one])
    assert drawing is not None
    drawn = points(drawing.lines[0].insertion)
    right, floor = tested.WIDTH - tested.RIGHT, tested.HEIGHT - tested.BOTTOM
    assert drawn[:, 0] == pytest.approx(np.linspace(tested.LEFT, right, 5), abs=1)
    share = (floor - drawn[:, 1]) / (floor - tested.TOP)
    assert share == pytest.approx((values - 0.2) / 0.7, abs=0.01)
    assert points(drawing.lines[0].deletion)[:, 1] == pytest.approx(drawn[::-1, 1])
    assert [text for _, text in drawing.up] == ["0.20", "0.40", "0.60", "0.80"]
    assert [(floor - y) / (floor - tested.TOP) for y, _ in drawing.up] == pytest.approx(
        [0, 2 / 7, 4 / 7, 6 / 7], abs=0.01
    )


def test_lines_are_where_the_values_are(tmp_path) -> None:
    assert_lines()
    for right, wrong in (("HEIGHT - BOTTOM - (value", "TOP + (value"), ("curve_t[steps]", "curve_t[0]")):
        with pytest.raises((AssertionError, TypeError)):
            assert_lines(broken_copy(curves, tmp_path, right, wrong))


def test_only_measured_maps_have_lines_and_keep_their_numbers() -> None:
    drawing = curves.curve_drawing([make_map("a", (1, 1), curves=False), make_map("b", (2, 2))])
    assert drawing is not None
    assert [(line.number, line.name) for line in drawing.lines] == [(1, "b")]
    assert drawing.words == "Areas under the curves, each stretched from 0 to 1: b insertion 0.81, deletion 0.32."
    assert curves.curve_drawing([make_map("a", (1, 1), curves=False)]) is None


def test_a_long_curve_has_few_points_and_a_flat_one_is_drawn_in_the_middle() -> None:
    one = make_map("RISE", (1, 1))
    long = curves.curve_drawing([replace(one, insertion_t=np.linspace(0, 1, 1001), deletion_t=[0.0, 1.0])])
    assert long is not None
    assert len(points(long.lines[0].insertion)) == 51
    flat = curves.curve_drawing([replace(one, insertion_t=[0.3, 0.3], deletion_t=[0.3, 0.3])])
    assert flat is not None
    middle = (curves.TOP + curves.HEIGHT - curves.BOTTOM) / 2
    assert points(flat.lines[0].insertion)[:, 1] == pytest.approx(middle, abs=0.1)
