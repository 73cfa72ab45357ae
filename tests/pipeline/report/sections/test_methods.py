"""What the methods are: people's names, the machine's, and what each does."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.methods import methods_table
from tests.pipeline.report.report_cases import figure
from tests.pipeline.report.table_cases import all_rows_fit, name_of


def test_each_method_is_explained_in_reading_order() -> None:
    names = ("embedding_effect", "sane+match~shuffled", "classifier", "sane+match", "unknown")
    table = methods_table(
        MetricTable([figure("attribute_explanation", "top1_accuracy", 0.5, variant=n) for n in names])
    )
    assert table is not None
    assert all_rows_fit(table)
    assert [name_of(row) for row in table.rows] == [
        "classifier",
        "sane+match",
        "sane+match~shuffled",
        "embedding_effect",
    ]
    assert [row.cells[0].text for row in table.rows][:2] == ["the attribute classifier", "SANE with map matching"]
    assert [row.cells[2].text for row in table.rows] == ["no", "no", "no", "yes"]
    assert "maps exchanged" in table.rows[2].cells[1].text


def test_without_methods_there_is_no_table() -> None:
    assert methods_table(MetricTable([])) is None
