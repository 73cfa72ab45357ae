"""The table of effects and its comparisons hold the right figures in the right columns."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.attribute_effects import effects_table, matched_comparison_table
from tests.pipeline.report.report_cases import VARIANTS, figure, make_metrics
from tests.pipeline.report.table_cases import all_rows_fit, name_of, row_of

METRICS = MetricTable(make_metrics())


def test_each_effect_stands_beside_what_is_undefined() -> None:
    table = effects_table(METRICS)
    assert table is not None
    assert all_rows_fit(table)
    assert len(table.rows) == len(VARIANTS)
    matched = f"{100 * (0.0456 - 0.003 * VARIANTS.index('sane')):.2f}"
    assert row_of(table, "sane") == ["sane", matched, "7", "−7.89", "8", "−3.21", "9", "0.88"]
    assert [column.hint for column in table.columns][1:6:2] == ["× 100, ↑", "× 100, ↓", "× 100, ↑"]


def test_the_oracle_comes_last_and_says_how_it_chooses() -> None:
    row = figure("attribute_explanation", "matched_effect", 0.0789, n=500, variant="oracle")
    table = effects_table(MetricTable([*make_metrics(), row]))
    assert table is not None
    assert all_rows_fit(table)
    assert name_of(table.rows[-1]) == "oracle"
    assert row_of(table, "oracle")[1] == "7.89"
    assert "scored on the other half" in str(table.rows[-1].cells[0])


def test_comparisons_show_wins_ties_and_losses() -> None:
    table = matched_comparison_table(METRICS)
    assert table is not None
    assert {row.cells[-1].text for row in table.rows} == {"better", "tie", "worse"}
    assert row_of(table, "random") == ["random", "the attribute classifier", "1.00", "< 0.001", "600", "better"]


def test_without_figures_there_is_no_table() -> None:
    assert effects_table(MetricTable([])) is None
    assert matched_comparison_table(MetricTable([])) is None
