"""The tables of the audit hold the right figures in the right columns."""

import pytest

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections import audit
from pipeline.report.sections.audit import audit_comparison_table, audit_table, effect_bars, instrument_facts
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_metrics
from tests.pipeline.report.table_cases import all_rows_fit, name_of, row_of

METRICS = MetricTable(make_metrics())


def check_audit(module):
    table = module.audit_table(METRICS, among_present=False)
    assert all_rows_fit(table)
    sane = ["sane", "0.79", "79.0", "79.0", "0.79", "79.0", "420"]
    assert row_of(table, "sane") == sane
    names = [name_of(row) for row in table.rows]
    assert names[-2:] == ["oracle", "random_present"]
    assert len(set(names)) == 14
    (best,) = (name_of(row) for row in table.rows if row.cells[1].tone == "best")
    # The variant with a lower regret was told the labels.
    assert best == "embedding_effect+presence"


def test_the_audit_table():
    check_audit(audit)


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
        check_audit(broken_copy(audit, tmp_path, right, wrong))


def test_the_audit_among_present_attributes_has_no_absent_names():
    table = audit_table(METRICS, among_present=True)
    assert table is not None
    assert all_rows_fit(table)
    assert "absent named" not in [column.heading for column in table.columns]
    assert not any("|" in f"{row.cells[0].text}{row.cells[0].note}" for row in table.rows)
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
