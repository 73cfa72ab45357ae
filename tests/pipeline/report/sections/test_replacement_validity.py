"""The table of how valid replacements are has each kind's figures in their columns."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.replacement_validity import validity_table
from tests.pipeline.report.report_cases import figure
from tests.pipeline.report.table_cases import all_rows_fit, row_of

ROWS = [
    figure("audit_replacement", metric, value * sign, variant=kind)
    for kind, sign in (("deletion", 1), ("matched", -1))
    for metric, value in (("rank_agreement", 0.512), ("bias", 0.0834), ("distance_slope", 0.2))
]


def test_each_kind_has_its_row() -> None:
    table = validity_table(MetricTable(ROWS))
    assert table is not None
    assert all_rows_fit(table)
    assert row_of(table, "deletion") == ["deletion", "0.51", "8.34", "20.00"]
    assert row_of(table, "matched") == ["matched", "−0.51", "−8.34", "−20.00"]


def test_without_figures_there_is_no_table() -> None:
    assert validity_table(MetricTable([])) is None
