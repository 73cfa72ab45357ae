"""Rankings, switching and directions: the right figures in the right columns."""

import pytest

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections import audit_agreement
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import figure
from tests.pipeline.report.table_cases import all_rows_fit, name_of, row_of

RANKING, SWITCHING, DIRECTIONS = "audit_ranking", "audit_switching", "audit_directions"


def switching(variant: str, differ: float, agree: float):
    yield figure(SWITCHING, "both_hit_when_truths_differ", differ, 31, variant=variant)
    yield figure(SWITCHING, "unchanged_when_truths_agree", agree, 47, variant=variant)


def directions(variant: str, same: float, hit: float, gap: float):
    yield figure(DIRECTIONS, "same_attribute", same, 19, variant=variant)
    yield figure(DIRECTIONS, "hit_in_both", hit, 19, variant=variant)
    yield figure(DIRECTIONS, "regret_gap", gap, 19, variant=variant)


METRICS = MetricTable(
    [
        figure(RANKING, "rank_agreement", 0.456, variant="sane"),
        *switching("sane", 0.1, 0.2),
        *switching("sane|present", 0.123, 0.789),
        *switching("answer", 0.654, 0.87),
        *directions("sane", 0.1, 0.2, 0.3),
        *directions("sane|present", 0.314, 0.217, 0.0123),
        *directions("answer", 0.7, 0.6, 0.005),
        *directions("oracle", 0.9, 1.0, 0.0),
    ]
)


def assert_tables(tested=audit_agreement) -> None:
    agreement, both = tested.agreement_table(METRICS), tested.directions_table(METRICS)
    assert all_rows_fit(agreement)
    assert all_rows_fit(both)
    assert [name_of(row) for row in agreement.rows] == ["sane", "answer"]
    assert row_of(agreement, "sane") == ["sane", "0.46", "12.3", "78.9"]
    assert row_of(agreement, "answer") == ["answer", "–", "65.4", "87.0"]
    (sane,) = (row for row in agreement.rows if name_of(row) == "sane")
    assert sane.cells[2].note == "[10.3, 14.3] of 31"
    assert sane.cells[3].note.endswith("of 47")
    assert [name_of(row) for row in both.rows] == ["sane", "answer", "oracle"]
    assert row_of(both, "sane") == ["sane", "31.4", "21.7", "1.23", "19"]
    assert both.rows[-1].tone == "muted"


def test_the_tables_hold_the_figures() -> None:
    assert_tables()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("name.endswith(PRESENT) or name + PRESENT not in found", "not name.endswith(PRESENT)"),
        ("for metric in (_DIFFER, _AGREE))", "for metric in (_AGREE, _DIFFER))"),
        ('for metric in ("same_attribute", "hit_in_both", "regret_gap")', 'for metric in ("same_attribute",) * 3'),
        ("_SCORE: Final = NumberFormat(scale=100.0", "_SCORE: Final = NumberFormat(scale=1.0"),
    ],
    ids=["among all attributes", "columns exchanged", "one figure everywhere", "another unit"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_tables(broken_copy(audit_agreement, tmp_path, right, wrong))


def test_without_figures_there_is_no_table() -> None:
    assert audit_agreement.agreement_table(MetricTable([])) is None
    assert audit_agreement.directions_table(MetricTable([])) is None
