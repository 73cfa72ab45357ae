"""The tables of further protocols hold the right figures in the right columns."""

import pytest

from pipeline.report import map_protocols_table as module
from pipeline.report.metric_table import MetricTable
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import figure
from tests.pipeline.report.table_cases import all_rows_fit

KEYS = [("rise", "fixed"), ("rise", "both"), ("centre", "fixed")]
PROTOCOLS = {
    "gini": 0.31,
    "faithfulness_correlation": 0.42,
    "deletion_imputed": 0.53,
    "deletion_blank": 0.64,
    "max_sensitivity": 0.07,
}
PARTS = {
    "mass_rank_correlation": 0.12,
    "mass_without_effect": 0.23,
    "relevance_mass_accuracy": 0.34,
    "relevance_rank_accuracy": 0.45,
}


def rows():
    found = []
    for generator, mode in (KEYS[0], KEYS[2]):
        labels = {"generator": generator, "mode": mode}
        for table, values in (("map_protocols", PROTOCOLS), ("map_parts", PARTS)):
            found += [figure(table, name, value, 600, **labels) for name, value in values.items()]
        found.append(figure("target_sensitivity", "is_right_move", 0.75, 40, **labels))
    against = {"generator": "rise", "mode": "fixed", "compared_with": "centre"}
    for table, name, value, p_value in (
        ("map_protocols", "faithfulness_correlation", 0.2, 0.001),
        ("map_protocols", "deletion_imputed", 0.03, 0.001),
        ("map_protocols", "deletion_blank", -0.04, 0.4),
        ("map_parts", "mass_rank_correlation", -0.5, 0.001),
        ("map_parts", "mass_without_effect", -0.06, 0.001),
        ("map_parts", "relevance_mass_accuracy", 0.07, 0.001),
    ):
        found.append(figure(table, f"{name}_difference", value, 590, **against, p_value=p_value))
    return found


METRICS = MetricTable(rows())


def check_tables(tested=module):
    protocols, parts = tested.map_protocols_table(METRICS, KEYS), tested.map_parts_table(METRICS, KEYS)
    assert all_rows_fit(protocols)
    assert all_rows_fit(parts)
    assert [[cell.text for cell in row.cells] for row in protocols.rows] == [
        ["RISE", "0.31", "0.07", "0.42", "53.0", "64.0", "0.20", "3.0", "−4.0", "600"],
        ["centre blob", "0.31", "0.07", "0.42", "53.0", "64.0", "–", "–", "–", "600"],
    ]
    assert [[cell.text for cell in row.cells] for row in parts.rows] == [
        ["RISE", "0.12", "23.0", "34.0", "45.0", "−0.50", "−6.0", "7.0", "–", "600", "75.0"],
        ["centre blob", "0.12", "23.0", "34.0", "45.0", "–", "–", "–", "–", "600", "75.0"],
    ]
    # Less deletion and less idle mass are better; more of the others.
    assert [cell.tone for cell in protocols.rows[0].cells[6:9]] == ["good", "bad", "muted"]
    assert [cell.tone for cell in parts.rows[0].cells[5:8]] == ["bad", "good", "good"]
    assert protocols.rows[0].cells[6].note.endswith("590 pairs")
    headings = [column.heading for column in protocols.columns]
    assert headings[1:6] == [
        "sparseness",
        "change under noise",
        "correlation with drops",
        "deletion, filled in",
        "deletion, blank",
    ]
    assert headings[6:9] == headings[3:6]


def test_each_figure_stands_in_its_column():
    check_tables()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('filled in", "↓", "× 100"), _SHARE, -1)', 'filled in", "↓", "× 100"), _SHARE, 1)'),
        ('_Measure("gini", Column("sparseness")', '_Measure("max_sensitivity", Column("sparseness")'),
        ('f"{measure.metric}_difference"', "measure.metric"),
        ('"target_sensitivity", "is_right_move"', '"map_parts", "mass_without_effect"'),
    ],
    ids=["sign", "measure", "difference", "move"],
)
def test_broken_copies_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_tables(broken_copy(module, tmp_path, right, wrong))


def test_without_figures_there_is_no_table():
    for make in (module.map_protocols_table, module.map_parts_table):
        assert make(MetricTable([]), KEYS) is None
