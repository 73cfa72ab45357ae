"""The tables hold the right figures in the right columns."""

import pytest

from pipeline.report import audit_tables, table_model
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


def test_faithfulness_stands_beside_the_papers_on_awa2_only():
    table = faithfulness_table(METRICS, [(name, "fixed") for name in GENERATORS], "awa2")
    assert table is not None
    assert all_rows_fit(table)
    assert row_of(table, "RISE") == ["RISE", "71.2", "71.2", "71.2", "71.2", "600", "3", "17", "76.5", "77.1"]
    assert table.rows[0].cells[1].note == "[69.2, 73.2]"
    assert row_of(table, "LIME")[-2:] == ["77.0", "71.2"]
    assert sum(span for _, span in table.groups) == len(table.columns)
    planted = faithfulness_table(METRICS, [(name, "fixed") for name in GENERATORS], "planted")
    assert planted is not None
    assert all_rows_fit(planted)
    assert row_of(planted, "RISE")[1] == "71.2"
    assert len(planted.columns) == 8
    assert "no counterpart" in planted.notes[-1]


def test_only_generators_with_figures_have_rows():
    assert faithfulness_table(METRICS, [("lime", "fixed")], "planted") is None
    assert faithfulness_table(MetricTable([]), [("rise", "fixed")], "awa2") is None


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
