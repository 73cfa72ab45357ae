"""Table 1 and its comparisons hold the right figures in the right columns."""

import pytest

from pipeline.report import faithfulness_table as faithfulness_tables
from pipeline.report.faithfulness_table import faithfulness_table
from pipeline.report.metric_table import MetricTable
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import GENERATORS, make_metrics
from tests.pipeline.report.table_cases import all_rows_fit, row_of

METRICS = MetricTable(make_metrics())


@pytest.mark.parametrize(
    ("dataset", "rise", "lime", "mask_both"),
    [
        ("awa2", ["76.5", "77.1"], ["77.0", "71.2"], ["75.8", "78.4"]),
        ("polyvore_outfits", ["62.0", "52.0"], ["58.4", "55.4"], ["58.9", "54.6"]),
    ],
)
def test_faithfulness_stands_beside_the_papers_on_their_datasets(dataset, rise, lime, mask_both):
    table = faithfulness_table(METRICS, [(name, "fixed") for name in GENERATORS], dataset)
    assert table is not None
    assert all_rows_fit(table)
    assert row_of(table, "RISE") == ["RISE", "71.2", "71.2", "71.2", "71.2", "0.35", "600", "3", "17", *rise]
    assert table.rows[0].cells[1].note == "[69.2, 73.2]"
    assert row_of(table, "LIME")[-2:] == lime
    (both,) = (row for row in table.rows if (row.cells[0].text, row.cells[0].note) == ("Mask", "both"))
    assert [cell.text for cell in both.cells][-2:] == mask_both
    assert sum(span for _, span in table.groups) == len(table.columns)


def test_other_datasets_have_no_figures_of_the_papers():
    planted = faithfulness_table(METRICS, [(name, "fixed") for name in GENERATORS], "planted")
    assert planted is not None
    assert all_rows_fit(planted)
    assert row_of(planted, "RISE")[1] == "71.2"
    assert len(planted.columns) == 9
    assert "no counterpart" in planted.notes[-1]


def check_map_comparisons(module):
    table = module.faithfulness_comparison_table(METRICS, [(name, "fixed") for name in GENERATORS])
    assert all_rows_fit(table)
    shown = [[cell.text for cell in row.cells] for row in table.rows]
    assert shown == [
        ["RISE", "centre blob", "5.7", "1.0", "3.4", "2.0", "480"],
        ["random", "centre blob", "−5.7", "1.0", "−3.4", "2.0", "480"],
        ["random", "RISE", "−5.7", "1.0", "−3.4", "3.0", "480"],
    ]
    assert [column.hint for column in table.columns[2:6]] == ["↑", "↓", "↑", "↓"]
    assert table.rows[0].cells[2].note == "[3.7, 7.7] p < 0.001"
    assert table.rows[0].cells[4].note == "[1.4, 5.4] p = 0.012, 471 pairs"
    # More insertion is better, more deletion is not; a p-value of 0.2 shows neither.
    assert [cell.tone for cell in table.rows[0].cells[2:6]] == ["good", "muted", "good", "bad"]
    assert [cell.tone for cell in table.rows[1].cells[2:6]] == ["bad", "muted", "bad", "bad"]


def test_maps_are_compared_with_each_baseline():
    check_map_comparisons(faithfulness_tables)
    assert faithfulness_tables.faithfulness_comparison_table(MetricTable([]), [("rise", "fixed")]) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('("deletion_difference", "deletion", -1,', '("deletion_difference", "deletion", 1,'),
        ('("deletion_difference_anchored", "deletion", -1,', '("deletion_difference_anchored", "deletion", 1,'),
        (
            "of_compared_maps(metric, generator, mode, baseline) for",
            "of_compared_maps(metric, generator, mode, baselines[0]) for",
        ),
        ("_AREA = NumberFormat(scale=100.0", "_AREA = NumberFormat(scale=1.0"),
    ],
    ids=["sign", "anchored sign", "first baseline", "scale"],
)
def test_a_broken_comparison_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_map_comparisons(broken_copy(faithfulness_tables, tmp_path, right, wrong))


def test_only_generators_with_figures_have_rows():
    assert faithfulness_table(METRICS, [("lime", "fixed")], "planted") is None
    assert faithfulness_table(MetricTable([]), [("rise", "fixed")], "awa2") is None
