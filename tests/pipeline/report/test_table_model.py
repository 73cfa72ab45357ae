"""Cells of figures."""

from pipeline.report import table_model
from pipeline.report.metric_table import Estimate


def test_undefined_figures_are_dashes():
    number = table_model.NumberFormat()
    assert table_model.estimate_cell(None, number).text == "–"
    assert table_model.estimate_cell(Estimate(None, 0.1, 0.2), number).text == "–"
    assert table_model.estimate_cell(Estimate(0.5, None, None), number).note == ""
