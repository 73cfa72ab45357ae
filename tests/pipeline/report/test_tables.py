"""The tables hold the right figures in the right columns."""

import pytest

from pipeline.report import audit_tables, table_model
from pipeline.report import faithfulness_table as faithfulness_tables
from pipeline.report import localisation_table as localisation_tables
from pipeline.report.audit_tables import audit_comparison_table, audit_table, effect_bars, instrument_facts
from pipeline.report.explanation_tables import explanation_table, removal_comparison_table, verdict_cell
from pipeline.report.faithfulness_table import faithfulness_table
from pipeline.report.metric_table import Estimate, MetricTable
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import GENERATORS, make_metrics

METRICS = MetricTable(make_metrics())


def row_of(table, name):
    (row,) = (row for row in table.rows if row.cells[0].text == name and row.cells[0].note != "both")
    return [cell.text for cell in row.cells]


def all_rows_fit(table):
    return all(len(row.cells) == len(table.columns) for row in table.rows)


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


def test_maps_are_compared_with_each_rival():
    check_map_comparisons(faithfulness_tables)
    assert faithfulness_tables.faithfulness_comparison_table(MetricTable([]), [("rise", "fixed")]) is None


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('("deletion_difference", "deletion", -1,', '("deletion_difference", "deletion", 1,'),
        ('("deletion_difference_anchored", "deletion", -1,', '("deletion_difference_anchored", "deletion", 1,'),
        (
            "of_compared_maps(metric, generator, mode, rival) for",
            "of_compared_maps(metric, generator, mode, baselines[0]) for",
        ),
        ("_AREA = NumberFormat(scale=100.0", "_AREA = NumberFormat(scale=1.0"),
    ],
    ids=["sign", "anchored sign", "first rival", "scale"],
)
def test_a_broken_comparison_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_map_comparisons(broken_copy(faithfulness_tables, tmp_path, right, wrong))


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
        ("verdict_cell(estimate, 1)", "verdict_cell(estimate, -1)"),
        ('("auroc_difference_small_regions"', '("auroc_difference_large_regions"'),
        ("figures = [metrics.of_maps(_TABLE, measure,", 'figures = [metrics.of_maps(_TABLE, "auroc",'),
    ],
    ids=["sign", "area", "measure"],
)
def test_a_broken_localisation_table_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_localisation(broken_copy(localisation_tables, tmp_path, right, wrong))


def test_only_generators_with_figures_have_rows():
    assert faithfulness_table(METRICS, [("lime", "fixed")], "planted") is None
    assert faithfulness_table(MetricTable([]), [("rise", "fixed")], "awa2") is None


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
    assert [row.cells[0].text for row in table.rows][:2] == ["random", "best_constant"]
    assert explanation_table(MetricTable([]), "awa2") is None


def test_comparisons_show_wins_ties_and_losses():
    table = removal_comparison_table(METRICS)
    assert table is not None
    assert {row.cells[-1].text for row in table.rows} == {"better", "tie", "worse"}
    assert row_of(table, "random") == ["random", "classifier", "−1.00", "< 0.001", "600", "worse"]
    assert removal_comparison_table(MetricTable([])) is None


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


def check_audit(module):
    table = module.audit_table(METRICS, among_present=False)
    assert all_rows_fit(table)
    sane = ["sane", "0.79", "79.0", "79.0", "0.79", "79.0", "420"]
    assert row_of(table, "sane") == sane
    names = [row.cells[0].text for row in table.rows]
    assert names[-2:] == ["oracle", "random_present"]
    assert len(set(names)) == 14
    (best,) = (row.cells[0].text for row in table.rows if row.cells[1].tone == "best")
    # The variant with a lower regret was told the labels.
    assert best == "embedding_effect+presence"


def test_the_audit_table():
    check_audit(audit_tables)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("_REGRET = NumberFormat(scale=1.0, decimals=2)", "_REGRET = NumberFormat(scale=100.0, decimals=2)"),
        ("_SHARE = NumberFormat(scale=100.0, decimals=1)", "_SHARE = NumberFormat(scale=1.0, decimals=1)"),
        ("== among_present and", "!= among_present and"),
        ("return min(regrets", "return max(regrets"),
        ("among_present or name not in TOLD_LABELS", "True"),
    ],
)
def test_a_broken_audit_table_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_audit(broken_copy(audit_tables, tmp_path, right, wrong))


def test_the_audit_among_present_attributes_has_no_absent_names():
    table = audit_table(METRICS, among_present=True)
    assert table is not None
    assert all_rows_fit(table)
    assert "absent named" not in [column.heading for column in table.columns]
    assert not any("|" in row.cells[0].text for row in table.rows)
    assert audit_table(MetricTable([]), among_present=True) is None


def test_regret_is_compared_on_its_own_scale():
    table = audit_comparison_table(METRICS)
    assert table is not None
    assert row_of(table, "embedding_effect+presence")[2:] == ["−0.80", "< 0.001", "600", "better"]


def test_instrument_and_effects():
    facts = {name: (text, meaning) for name, text, meaning in instrument_facts(METRICS)}
    assert facts["eligible pairs"][0] == "71.0 %"
    assert facts["drivers not learned"] == ("1 of 6", "planted causes that the model ignores: body_colour:red")
    assert facts["model follows the plan"][0] == "0.934"
    bars = effect_bars(METRICS)
    assert (bars[0].text, bars[0].share, bars[0].kind) == ("10.00", 1.0, "driver")
    assert [bar.share for bar in bars] == sorted((bar.share for bar in bars), reverse=True)
    assert instrument_facts(MetricTable([])) == []
    assert effect_bars(MetricTable([])) == []


def test_undefined_figures_are_dashes():
    number = table_model.NumberFormat()
    assert table_model.estimate_cell(None, number).text == "–"
    assert table_model.estimate_cell(Estimate(None, 0.1, 0.2), number).text == "–"
    assert table_model.estimate_cell(Estimate(0.5, None, None), number).note == ""
