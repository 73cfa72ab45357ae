"""The section on both sides of a match."""

from dataclasses import replace

from pipeline.report.metric_table import MetricTable
from pipeline.report.sections.both_sides import both_sides_section, causes_table
from tests.pipeline.report.report_cases import make_evidence


def row(metric: str, value: float, variant: str | None = None, mode: str | None = None) -> dict[str, object]:
    interval = {"ci_low": value - 0.05, "ci_high": value + 0.05, "n": 40}
    return {
        "table_name": "correspondence",
        "metric": metric,
        "value": value,
        "variant": variant,
        "mode": mode,
        **interval,
    }


ROWS = [
    row("auroc_first_cause", 0.93, "joint", "query"),
    row("auroc_first_cause", 0.91, "joint", "reference"),
    row("auroc_second_cause", 0.88, "joint", "query"),
    row("auroc_first_cause", 0.83, "centre", "query"),
    row("told_apart_by_components", 0.9),
]


def test_maps_stand_by_cause_and_side() -> None:
    table = causes_table(MetricTable(ROWS))
    assert table is not None
    assert [line.cells[0].text for line in table.rows] == ["joint map", "centre blob"]
    assert [cell.text for cell in table.rows[0].cells[1:]] == ["93.0", "91.0", "88.0", "–"]
    assert [column.group for column in table.columns[1:]] == ["first cause"] * 2 + ["second cause"] * 2


def test_the_section_tells_how_often_two_causes_are_paired() -> None:
    section = both_sides_section(replace(make_evidence(n_pairs=1), metrics=ROWS))
    assert section.has_content
    assert section.tiles[0][:2] == ("two causes paired", "90.0 %")
    assert "n = 40" in section.tiles[0][2]


def test_without_figures_there_is_no_section() -> None:
    assert not both_sides_section(replace(make_evidence(n_pairs=1), metrics=[])).has_content
