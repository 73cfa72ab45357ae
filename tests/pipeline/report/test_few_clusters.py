"""Tables say how many queries stand behind a figure, and warn where they are few."""

import pytest

from pipeline.datasets.declaration import CLASS, OUTFIT
from pipeline.report.comparisons import comparison_table
from pipeline.report.faithfulness_table import faithfulness_comparison_table, faithfulness_table
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.localisation_tables import localisation_table
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.sections.attributes import explanation_table, removal_comparison_table
from pipeline.report.sections.audit import audit_comparison_table, audit_table
from pipeline.report.sections.model import compatibility_table
from pipeline.report.table_model import Cell, NumberFormat
from tests.pipeline.report.report_cases import GENERATORS, make_metrics

KEYS = [(name, "fixed") for name in GENERATORS]
TABLES = {
    "faithfulness": lambda metrics: faithfulness_table(metrics, KEYS, "planted"),
    "maps compared": lambda metrics: faithfulness_comparison_table(metrics, KEYS),
    "attributes": lambda metrics: explanation_table(metrics, "planted"),
    "removal compared": removal_comparison_table,
    "audit": lambda metrics: audit_table(metrics, False),
    "audit among present": lambda metrics: audit_table(metrics, True),
    "audit compared": audit_comparison_table,
}


FEW = 10


def estimate(
    n_clusters: int | None, low: float | None = 0.1, p_value: float | None = None, unit: str | None = None
) -> Estimate:
    return Estimate(0.2, low, 0.3, 12, p_value, n_clusters=n_clusters, cluster_unit=unit)


def test_a_count_names_what_was_resampled() -> None:
    assert count_cell(estimate(3)) == Cell("12", "3 queries")
    assert count_cell(estimate(1)) == Cell("12", "1 query")
    assert count_cell(estimate(1200, unit=OUTFIT)) == Cell("12", "1,200 outfits")
    assert count_cell(estimate(6, unit=CLASS)) == Cell("12", "6 classes")
    assert count_cell(estimate(None)) == Cell("12")
    assert count_cell(None) == Cell("–")


def test_the_fewest_clusters_decide_whether_a_table_warns() -> None:
    assert few_clusters_note([estimate(FEW), estimate(FEW + 1), None]) == ()
    (note,) = few_clusters_note([estimate(300), estimate(FEW - 1), estimate(4)])
    assert note.startswith("Few queries (as few as 4): intervals and p-values here are conditional on these queries")
    (note,) = few_clusters_note([estimate(1, low=None, p_value=0.04, unit=OUTFIT)])
    assert note.startswith("Few outfits (only one)")


def test_figures_without_interval_and_p_value_do_not_count() -> None:
    assert few_clusters_note([estimate(3, low=None), estimate(None)]) == ()


@pytest.mark.parametrize("name", TABLES)
def test_every_table_with_intervals_warns_and_names_the_queries(name: str) -> None:
    def table(n_clusters: int):
        rows = [{**row, "n_clusters": n_clusters if "ci_low" in row else None} for row in make_metrics()]
        found = TABLES[name](MetricTable(rows))
        assert found is not None
        return found

    few, enough = table(3), table(FEW)
    assert [note for note in few.notes if note not in enough.notes] == list(few_clusters_note([estimate(3)]))
    assert any(cell.note == "3 queries" for row in few.rows for cell in row.cells)
    assert any(cell.note == f"{FEW} queries" for row in enough.rows for cell in row.cells)


def test_so_do_those_of_maps_and_outfits() -> None:
    ends = {"ci_low": 0.1, "ci_high": 0.3, "n": 12, "n_clusters": 3}
    maps = {"table_name": "map_localisation", "metric": "auroc", "value": 0.2, "generator": "rise", "mode": "fixed"}
    found = localisation_table(MetricTable([{**maps, **ends}]), [("rise", "fixed")])
    outfits = {"table_name": "similarity_model", "metric": "fill_in_the_blank_accuracy", "variant": "general"}
    answered = compatibility_table(MetricTable([{**outfits, **ends, "value": 0.2, "cluster_unit": OUTFIT}]))
    assert found is not None
    assert answered is not None
    assert found.notes[-1].startswith("Few queries (as few as 3)")
    assert any(note.startswith("Few outfits (as few as 3)") for note in answered.notes)


def test_a_comparison_shows_its_queries() -> None:
    table = comparison_table("title", "difference", [estimate(3, p_value=0.04)], 1, NumberFormat())
    assert table is not None
    assert table.rows[0].cells[4] == Cell("12", "3 queries")
