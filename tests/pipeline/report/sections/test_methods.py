"""What the methods are: people's names, the machine's, and what each does."""

import dataclasses

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.methods import methods_section, methods_table
from tests.pipeline.report.report_cases import figure, make_choice, make_evidence, make_pair_table
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


def test_it_says_which_methods_are_counted_where() -> None:
    made = make_evidence(n_pairs=0)
    (_, *texts) = methods_section(made).paragraphs
    assert texts == ["Of 10 methods, beside which 2 controls are measured, 9 may answer: all but random ones."]
    pairs = make_pair_table(4, methods=["classifier", "sane"])
    told = dataclasses.replace(made, answer_choice=make_choice(), pair_table=pairs)
    (_, text) = methods_section(told).paragraphs
    assert (
        "2 of them competed to answer in this run. Where the report says how many methods disagree, it asks 2:" in text
    )


def test_without_methods_there_is_no_table() -> None:
    assert methods_table(MetricTable([])) is None
