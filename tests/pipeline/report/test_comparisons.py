"""Who wins a comparison, and what a difference says in its cell."""

import pytest

from pipeline.report.comparisons import difference_cell, verdict_cell
from pipeline.report.metric_table import Estimate
from pipeline.report.table_model import Cell, NumberFormat


@pytest.mark.parametrize(
    ("value", "p_value", "sign", "verdict"),
    [
        (0.1, 0.01, 1, "better"),
        (0.1, 0.01, -1, "worse"),
        (-0.1, 0.01, -1, "better"),
        (0.1, 0.05, 1, "tie"),
        (0.1, None, 1, "–"),
        (None, 0.01, 1, "–"),
    ],
)
def test_verdicts(value, p_value, sign, verdict):
    assert verdict_cell(Estimate(value, p_value=p_value), sign).text == verdict


def test_a_difference_says_how_sure_it_is_and_of_how_many_pairs():
    number = NumberFormat(scale=100.0, decimals=1)
    estimate = Estimate(-0.0345, -0.05, -0.02, n=471, p_value=0.012)
    assert difference_cell(estimate, number, -1, 480) == Cell("−3.5", "[−5.0, −2.0] p = 0.012, 471 pairs", "good")
    assert difference_cell(estimate, number, 1, 471) == Cell("−3.5", "[−5.0, −2.0] p = 0.012", "bad")
    assert difference_cell(None, number, 1) == difference_cell(Estimate(None), number, 1) == Cell("–", tone="muted")
