"""The expected fall is compared with what other images show, by figures alone."""

import math

import pytest

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.metric_table import Estimate
from pipeline.report.overview import summary as module
from tests.pipeline.evaluation.broken_copy import broken_copy

EXPECTED = Interval(0.2, 0.18, 0.22, 100, 40)
CASES = [
    (EXPECTED, Estimate(0.327, 0.301, 0.35), "more than expected"),
    (EXPECTED, Estimate(0.1, 0.08, 0.12), "less than expected"),
    (EXPECTED, Estimate(0.23, 0.21, 0.25), "about as much as expected"),
    (EXPECTED, Estimate(0.17, 0.15, 0.19), "about as much as expected"),
    (EXPECTED, Estimate(0.327), "more than expected"),
    (Interval(0.2, math.nan, math.nan, 100, 1), Estimate(0.23, 0.21, 0.25), "more than expected"),
    (EXPECTED, Estimate(0.3, 0.0, 0.5), "not shown to be more than nothing"),
    (EXPECTED, Estimate(-0.01, -0.02, 0.01), "not shown to be more than nothing"),
    (EXPECTED, None, "was not compared with changed images"),
    (Interval(math.nan, math.nan, math.nan, 0, 0), Estimate(0.3, 0.2, 0.4), "was not compared with changed images"),
]


def assert_readings(tested=module) -> None:
    for expected, measured, reading in CASES:
        assert reading in tested.replaced_sentence(expected, measured), (expected, measured)


def test_the_reading_follows_the_intervals() -> None:
    assert_readings()
    assert module.replaced_sentence(*CASES[0][:2]).startswith(
        "It is a linear estimate for the attribute alone: 0.200 [0.180, 0.220] over all pairs with an answer. With "
        "other images in the query’s place that lack the attribute the similarity falls further than with images as "
        "different that keep it, by 0.327 [0.301, 0.350], more than expected"
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if low > (expected.high if is_known", "if low > (expected.value if is_known"),
        ("if high < (expected.low if is_known", "if high < (expected.value if is_known"),
        ("is_known = not isnan(expected.low)", "is_known = True or not isnan(expected.low)"),
    ],
)
def test_broken_readings_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_readings(broken_copy(module, tmp_path, right, wrong))
