"""The section on retrieval: figures by their usual names, and nothing where retrieval was not measured."""

from pathlib import Path
from types import ModuleType

import pytest

from pipeline.report.evidence import ReportEvidence
from pipeline.report.sections import retrieval
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_evidence


def row(metric: str, value: float, unit: str = "share", n: int = 60) -> dict[str, object]:
    ends = {"ci_low": value - 0.1, "ci_high": value + 0.1, "n_clusters": 12, "cluster_unit": "class"}
    found = {"table_name": "retrieval", "metric": metric, "value": value, "n": n, "unit": unit}
    return {**found, **(ends if unit == "share" else {})}


ROWS = [
    row("recall_at_1", 0.5),
    row("recall_at_2", 0.75),
    row("map_at_r", 0.25),
    row("queries_without_match", 3, "count", 63),
]
OVER_CAMERAS = [row("rank_1", 0.5), row("mean_average_precision", 0.4), row("queries_without_match", 0, "count")]


def evidence(rows: list[dict[str, object]]) -> ReportEvidence:
    return ReportEvidence(make_evidence(n_pairs=1).facts, metrics=rows)


def assert_section(tested: ModuleType = retrieval) -> None:
    section = tested.retrieval_section(evidence(ROWS))
    (table,) = section.tables
    shown = [[cell.text for cell in line.cells] for line in table.rows]
    assert shown == [["Recall@1", "50.0", "60"], ["Recall@2", "75.0", "60"], ["MAP@R", "25.0", "60"]]
    assert table.rows[0].cells[1].note == "[40.0, 60.0]"
    assert "3 of 63 queries have no true match and are left out." in table.notes
    assert "among all others" in section.paragraphs[0]
    persons = tested.retrieval_section(evidence(OVER_CAMERAS))
    assert [line.cells[0].text for line in persons.tables[0].rows] == ["rank-1", "mAP"]
    assert "by its own camera" in persons.paragraphs[0]
    assert not any("left out" in note for note in persons.tables[0].notes)


def test_figures_are_shown_by_their_usual_names() -> None:
    assert_section()


def test_there_is_no_section_where_nothing_was_measured() -> None:
    assert not retrieval.retrieval_section(evidence([])).has_content


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("scale=PERCENT", "scale=1.0"),
        ("if name != WITHOUT_MATCH}", "}"),
        ('name.startswith("rank_")', 'name.startswith("recall_")'),
        ("if alone is not None and alone.value:", "if alone is not None:"),
    ],
)
def test_a_broken_copy_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_section(broken_copy(retrieval, tmp_path, right, wrong))
