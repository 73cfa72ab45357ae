"""Table 2 and its comparisons hold the right figures in the right columns."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.attributes import explanation_table, removal_comparison_table
from tests.pipeline.report.report_cases import make_metrics
from tests.pipeline.report.table_cases import all_rows_fit, name_of, row_of

METRICS = MetricTable(make_metrics())


def test_explanations_stand_beside_the_papers_on_outfits():
    table = explanation_table(METRICS, "polyvore_outfits")
    assert table is not None
    assert all_rows_fit(table)
    assert row_of(table, "sane")[-3:] == ["25.7", "50.0", "2.2"]
    assert {group for group, _ in table.groups} == {"", "papers, Polyvore"}


def test_explanations_stand_beside_the_papers():
    table = explanation_table(METRICS, "awa2")
    assert table is not None
    assert all_rows_fit(table)
    sane = ["sane", "67.9", "55.0", "2.23", "600", "5", "30.0", "50.0", "67.1", "77.1", "1.8"]
    assert row_of(table, "sane") == sane
    assert row_of(table, "sane+match+count")[-3:] == ["–", "85.1", "2.7"]
    assert row_of(table, "fashion_search_net+match")[-3:] == ["–", "77.8", "1.4"]
    assert row_of(table, "prior_only")[-3:] == ["–", "–", "–"]
    assert [name_of(row) for row in table.rows][:2] == ["random", "best_constant"]
    assert explanation_table(MetricTable([]), "awa2") is None


def test_comparisons_show_wins_ties_and_losses():
    table = removal_comparison_table(METRICS)
    assert table is not None
    assert {row.cells[-1].text for row in table.rows} == {"better", "tie", "worse"}
    assert row_of(table, "random") == ["random", "the attribute classifier", "−1.00", "< 0.001", "600", "worse"]
    assert removal_comparison_table(MetricTable([])) is None
