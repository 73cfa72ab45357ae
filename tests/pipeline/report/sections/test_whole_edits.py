"""The section on edits of whole items: the right figures in the right columns."""

import numpy as np
import pytest

from pipeline.report.edits import EditedPhotograph
from pipeline.report.evidence import ReportEvidence
from pipeline.report.sections import whole_edits
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import count, figure, make_evidence
from tests.pipeline.report.table_cases import all_rows_fit, row_of

TABLE = "edit_effects"
ROWS = [
    figure(TABLE, "mean_effect", 0.1234, 55, variant="greyscale"),
    figure(TABLE, "mean_size", 0.15, 55, variant="greyscale"),
    figure(TABLE, "cause_share", 0.42, 55, variant="greyscale"),
    figure(TABLE, "unexplained_where_cause", 0.051, variant="greyscale"),
    figure(TABLE, "unexplained_elsewhere", 0.072, variant="greyscale"),
    figure(TABLE, "names_colour_where_cause", 0.33, variant="greyscale"),
    figure(TABLE, "names_colour_elsewhere", 0.11, variant="greyscale"),
    figure(TABLE, "mean_effect", 0.02, 60, variant="mirrored"),
    count(TABLE, "measured_queries", 30, 41, variant="greyscale"),
    count(TABLE, "left_out_no_chroma", 7, 41, variant="greyscale"),
    count(TABLE, "left_out_no_ground", 4, 41, variant="greyscale"),
    count(TABLE, "measured_queries", 37, 41, variant="mirrored"),
    count(TABLE, "left_out_no_ground", 4, 41, variant="mirrored"),
]


def evidence() -> ReportEvidence:
    edit = EditedPhotograph("as it is", "mirrored", np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 90, np.uint8))
    return ReportEvidence(make_evidence(n_pairs=1).facts, metrics=ROWS, whole_edits=[edit] * 2)


def assert_section(tested=whole_edits) -> None:
    section = tested.whole_edits_section(evidence())
    effects, left_out = section.tables
    assert all_rows_fit(effects)
    assert all_rows_fit(left_out)
    assert row_of(effects, "greyscale") == ["greyscale", "0.123", "0.150", "42.0", "5.1", "7.2", "33.0", "11.0", "55"]
    assert row_of(effects, "mirrored") == ["mirrored", "0.020", "–", "–", "–", "–", "–", "–", "60"]
    assert row_of(left_out, "edited") == ["edited", "30", "37"]
    assert row_of(left_out, "no white ground") == ["no white ground", "4", "4"]
    assert row_of(left_out, "hardly any colour to take") == ["hardly any colour to take", "7", "–"]
    assert [column.heading for column in left_out.columns] == ["queries", "greyscale", "mirrored"]
    assert len(section.edits) == 2


def test_the_section_holds_the_figures() -> None:
    assert_section()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('for metric in ("mean_effect", "mean_size")', 'for metric in ("mean_size", "mean_effect")'),
        ("edit) for metric in _SHARES", "found[0]) for metric in _SHARES"),
        ("Cell(count_text(estimate.value))", "Cell(count_text(estimate.n))"),
    ],
    ids=["columns exchanged", "one edit's shares everywhere", "all queries"],
)
def test_broken_sections_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_section(broken_copy(whole_edits, tmp_path, right, wrong))


def test_without_edits_there_is_no_section() -> None:
    assert not whole_edits.whole_edits_section(ReportEvidence(evidence().facts)).has_content
