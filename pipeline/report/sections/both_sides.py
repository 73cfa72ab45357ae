"""The section on both sides of a match: how well its maps find what is known to be there."""

from typing import Final

from pipeline.evaluation.metrics.both_sides import TABLE
from pipeline.report.evidence import ReportEvidence
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import interval_text, number_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_PERCENT: Final = NumberFormat(scale=100.0, decimals=1)
_MAPS: Final = (
    ("joint", "joint map", "what raises the score together with the other image"),
    ("matching_component", "best part", "the part that finds the cause best in the query"),
    ("row", "where the cause points", "what goes with the cause’s true pixels in the query"),
    ("leading_component", "largest part", "the largest part of the match"),
    ("one_sided", "RISE", "the other image as it is"),
    ("centre", "centre blob", "a blob in the middle"),
)
_SIDES: Final = ("query", "reference")
_CAUSES: Final = ("first", "second")
_TOLD: Final = (
    (
        "told_apart_by_components",
        "two causes paired",
        "share of pairs with two causes in different places whose parts join each cause’s places in both images",
    ),
    (
        "told_apart_by_region",
        "pointed to rightly",
        "given a cause’s pixels in the query, the share that point to its own place in the reference, not the other’s",
    ),
    ("a_cause_named", "named by a cause", "share of named first parts whose name is one of the causes"),
    ("first_named", "named by the first cause", "share of first parts; unnamed ones count as wrong"),
)


def both_sides_section(evidence: ReportEvidence) -> Section:
    """Return how well both sides' maps find the causes of matches; empty where the truth is not known."""
    metrics = MetricTable(evidence.metrics)
    table = causes_table(metrics)
    return Section(
        "both-sides",
        "Audit: both sides of a match",
        (
            "A cause is an attribute that both images have and whose edit in the query moves the score. Rendered "
            "items tell which pixels it occupies in each image, so that maps of both sides can be asked for it, and "
            "the parts of a match for which place goes with which.",
        ),
        tiles=tuple(_tiles(metrics)),
        tables=() if table is None else (table,),
    )


def causes_table(metrics: MetricTable) -> Table | None:
    """Return the AUROC of each map by cause and side; None without any."""
    rows = []
    for machine, name, meaning in _MAPS:
        found = [_figure(metrics, cause, side, machine) for cause in _CAUSES for side in _SIDES]
        if any(one is not None for one in found):
            cells = [estimate_cell(one, _PERCENT) for one in found]
            rows.append(Row((Cell(name, meaning), *cells)))
    if not rows:
        return None
    columns = (
        Column("map", is_text=True),
        *(Column(side, "AUROC, %, ↑", group=f"{cause} cause") for cause in _CAUSES for side in _SIDES),
    )
    notes = ("How well each map tells the cause’s pixels from the others; 50 is chance. In brackets 95 % intervals.",)
    return Table("Maps of both sides against the pixels of the causes", columns, tuple(rows), notes)


def _figure(metrics: MetricTable, cause: str, side: str, name: str) -> Estimate | None:
    return metrics.of_variant_and_mode(TABLE, f"auroc_{cause}_cause", name, side)


def _tiles(metrics: MetricTable) -> list[tuple[str, str, str]]:
    found = [(name, metrics.single(TABLE, metric), meaning) for metric, name, meaning in _TOLD]
    return [
        (
            name,
            f"{number_text(one.value, _PERCENT.scale, _PERCENT.decimals)} %",
            f"{meaning} {interval_text(one.low, one.high, _PERCENT.scale, _PERCENT.decimals)}, n = {one.n}",
        )
        for name, one, meaning in found
        if one is not None and one.value is not None
    ]
