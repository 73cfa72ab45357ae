"""The section on edited photographs holds the right figures, and its pictures and names are escaped."""

import numpy as np
import pytest

from pipeline.report.edits import EditedPhotograph, choose_edits
from pipeline.report.evidence import ReportEvidence
from pipeline.report.page import render_evidence
from pipeline.report.sections import recolouring
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import count, figure, make_evidence
from tests.pipeline.report.table_cases import all_rows_fit, row_of

TABLE = "recolour_audit"
ROWS = [
    figure(TABLE, "mean_effect", 0.1234),
    figure(TABLE, "cause_share", 0.25),
    count(TABLE, "effect_floor", 0.2345, 60),
    count(TABLE, "measured_queries", 30, 100),
    count(TABLE, "left_out_no_ground", 4, 100),
    count(TABLE, "left_out_other_type", 66, 100),
    count(TABLE, "accepted_edits", 150, 390),
    figure(TABLE, "spearman", 0.321, variant="sane"),
    figure(TABLE, "names_colour_where_cause", 0.654, variant="sane"),
    figure(TABLE, "names_colour_elsewhere", 0.123, variant="sane"),
    figure(TABLE, "names_colour_where_cause", 0.01, variant="best_constant"),
    figure(TABLE, "names_colour_elsewhere", 0.02, variant="best_constant"),
    figure(TABLE, "calibration_slope", 0.876, variant="embedding_effect"),
]


def photograph(colour: str = "colour:Red", target: str = "colour:Blue") -> EditedPhotograph:
    before, after = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 200, np.uint8)
    return EditedPhotograph(colour, target, before, after)


def evidence(edits=()) -> ReportEvidence:
    base = make_evidence("polyvore_outfits", n_pairs=1)
    return ReportEvidence(base.facts, metrics=ROWS, edits=list(edits))


def assert_section(tested=recolouring) -> None:
    section = tested.recolouring_section(evidence([photograph()] * 3))
    variants, left_out = section.tables
    assert all_rows_fit(variants)
    assert all_rows_fit(left_out)
    assert row_of(variants, "sane") == ["sane", "0.32", "65.4", "12.3"]
    assert row_of(variants, "best_constant")[1] == "–"
    assert [row.cells[0].text for row in left_out.rows] == ["measured", "type not edited", "no white ground", "all"]
    assert [row.cells[1].text for row in left_out.rows] == ["30", "66", "4", "100"]
    assert left_out.notes == ("Accepted: 150 of 390 edits.",)
    figures = {name: value for name, value, _ in section.tiles}
    assert figures == {
        "effect of colour": "0.123",
        "floor of an effect": "0.234",
        "colour is a cause": "0.250",
        "embedding_effect: slope": "0.876",
    }
    assert len(section.edits) == 3
    assert section.edits[0].before != section.edits[0].after


def test_the_section_holds_the_figures() -> None:
    assert_section()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("estimate_cell(one, number) for one", "estimate_cell(found[0], number) for one"),
        ("Cell(count_text(counted.value))", "Cell(count_text(counted.n))"),
        ("metrics.single(TABLE, metric), meaning)", "metrics.single(TABLE, 'spearman'), meaning)"),
    ],
    ids=["one figure everywhere", "all queries", "another figure"],
)
def test_broken_sections_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_section(broken_copy(recolouring, tmp_path, right, wrong))


def test_without_edits_there_is_no_section() -> None:
    empty = ReportEvidence(evidence().facts)
    assert not recolouring.recolouring_section(empty).has_content


def test_pictures_are_inside_and_names_are_escaped() -> None:
    page = render_evidence(evidence([photograph("<script>alert(1)</script>", '" onload="x')])).decode()
    assert "<script>alert" not in page
    assert '" onload="x' not in page
    assert page.count('<div class="edits">') == 1
    assert page.count('src="data:image/jpeg;base64,') == 2


def test_colours_take_turns_and_the_order_of_rows_plays_no_part() -> None:
    rows = [{"query": f"q{n}", "attribute": "colour:Red" if n else "colour:Blue"} for n in range(40)]
    chosen = [rows[place]["query"] for place in choose_edits(rows, seed=2)]
    assert len(chosen) == 20
    assert "q0" in chosen[:2]
    turned = rows[::-1]
    assert [turned[place]["query"] for place in choose_edits(turned, seed=2)] == chosen
    assert [rows[place]["query"] for place in choose_edits(rows, seed=3)] != chosen
