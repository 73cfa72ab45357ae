"""Tables on known regions hold the right figures in the right columns."""

import pytest

from pipeline.report import localisation_tables
from pipeline.report.metric_table import MetricTable
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import GENERATORS, make_metrics
from tests.pipeline.report.table_cases import all_rows_fit

METRICS = MetricTable(make_metrics())


def check_localisation(module):
    table = module.localisation_table(METRICS, [(name, "fixed") for name in GENERATORS])
    assert all_rows_fit(table)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["RISE", "81.2", "45.7", "5.7", "−5.7", "12.3", "–", "−3.5", "571", "29"],
        ["centre blob", "81.2", "45.7", "–", "–", "–", "–", "–", "571", "29"],
    ]
    assert [cell.tone for cell in table.rows[0].cells[3:8]] == ["muted", "muted", "good", "muted", "bad"]
    assert table.rows[0].cells[5].note == "[10.3, 14.3] p < 0.001, 190 pairs"
    assert sum(span for _, span in table.groups) == len(table.columns)


def test_maps_are_asked_for_the_true_region():
    check_localisation(localisation_tables)
    assert localisation_tables.localisation_table(MetricTable([]), [("rise", "fixed")]) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("name, generator, mode), _SHARE, 1)", "name, generator, mode), _SHARE, -1)"),
        ('("auroc_difference_small_regions"', '("auroc_difference_large_regions"'),
        ("figures = [metrics.of_maps(table, measure,", 'figures = [metrics.of_maps(table, "auroc",'),
    ],
    ids=["sign", "area", "measure"],
)
def test_a_broken_localisation_table_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_localisation(broken_copy(localisation_tables, tmp_path, right, wrong))


PARTS = MetricTable(
    [
        {"table_name": "part_localisation", "generator": "rise", "mode": "fixed", "n": 40, **row}
        for row in (
            {"metric": "auroc", "value": 0.7, "ci_low": 0.6, "ci_high": 0.8, "n_clusters": 12},
            {"metric": "pointing_hit", "value": 0.3},
            {"metric": "auroc_difference", "value": -0.1, "p_value": 0.01, "compared_with": "centre"},
            {"metric": "pointing_hit_difference", "value": 0.05, "p_value": 0.5, "compared_with": "centre"},
            {"metric": "left_out", "value": 3, "n": 43},
        )
    ]
    + [
        {"table_name": "attribute_localisation", "variant": "attribute", "n": 38, **row}
        for row in (
            {"metric": "auroc", "value": 0.9},
            {"metric": "auroc_difference", "value": 0.2, "p_value": 0.3, "compared_with": "match"},
            {"metric": "auroc_difference", "value": 0.1, "p_value": 0.02, "compared_with": "centre"},
        )
    ]
)


def check_parts(module):
    table = module.part_localisation_table(PARTS, [("rise", "fixed"), ("centre", "fixed")])
    assert all_rows_fit(table)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["RISE", "70.0", "30.0", "−10.0", "5.0", "40", "3"],
        ["map of the attribute that answers", "90.0", "–", "10.0", "–", "38", "–"],
    ]
    assert [row.cells[3].tone for row in table.rows] == ["bad", "good"]


def test_maps_are_asked_for_the_parts_and_so_is_that_of_the_attribute():
    check_parts(localisation_tables)
    assert localisation_tables.part_localisation_table(METRICS, [("rise", "fixed")]) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('("attribute", "centre"))', '("attribute", "match"))'),
        ("_row(metrics, PARTS_TABLE, key, differences)", "_row(metrics, TABLE, key, differences)"),
    ],
)
def test_a_broken_table_of_parts_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_parts(broken_copy(localisation_tables, tmp_path, right, wrong))
