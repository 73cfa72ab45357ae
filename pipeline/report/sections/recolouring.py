"""The section on edited photographs: what colour really does to the score, and which variants know it."""

from typing import Final

from pipeline.evaluation.metrics.recolouring import CALIBRATED, TABLE
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.report.edits import edit_pictures
from pipeline.report.evidence import ReportEvidence
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import count_text, interval_text, number_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.variant_names import ordered, variant_cell

_FORMATS: Final = {
    "spearman": NumberFormat(scale=1.0, decimals=2),
    "names_colour_where_cause": NumberFormat(scale=100.0, decimals=1),
    "names_colour_elsewhere": NumberFormat(scale=100.0, decimals=1),
}
_EFFECT: Final = NumberFormat(scale=1.0, decimals=3)
_FACTS: Final = (
    ("mean_effect", "effect of colour", "mean fall of the score when the query is of another colour"),
    ("mean_same_colour_effect", "same colour", "the same for another item of its own colour"),
    ("effect_floor", "floor of an effect", "99 % of the same-colour edits stay below it"),
    ("cause_share", "colour is a cause", "share of the measured pairs whose effect is above the floor"),
    ("classifier_accuracy", "classifier", "share of training items that the verifying classifier knows, left out"),
)
_CALIBRATION: Final = (
    ("calibration_slope", "slope", "measured on predicted effect, 1 is right"),
    ("calibration_intercept", "intercept", "measured effect where none is predicted, 0 is right"),
    ("calibration_error", "calibration error", "mean gap between predicted and measured effect, in ten bins"),
)


def recolouring_section(evidence: ReportEvidence) -> Section:
    """Return the tables of the recolouring audit and the edits that are shown; empty where none was made."""
    metrics = MetricTable(evidence.metrics)
    tables = (variant_table(metrics), left_out_table(metrics))
    return Section(
        "recolouring",
        "Audit on photographs: colour edited",
        (
            "The labelled colour of a query that lies alone on white is moved to that of other items, in CIELAB, with "
            "its shading and texture kept. A classifier fitted to training items must say that the edit took; edits "
            "that fail it are counted and left out. How far the score falls is the measured effect of the colour; "
            "edits to other items of the same colour say how much of that is the edit itself.",
        ),
        tiles=tuple(_facts(metrics)),
        tables=tuple(table for table in tables if table is not None),
        edits=edit_pictures(evidence.edits),
    )


def variant_table(metrics: MetricTable) -> Table | None:
    """Return rank correlation and namings by variant; None without any."""
    variants = ordered(metrics.variants(TABLE, "names_colour_elsewhere"))
    if not variants:
        return None
    rows = []
    for variant in variants:
        found = [metrics.of_variant(TABLE, metric, variant) for metric in _FORMATS]
        cells = [estimate_cell(one, number) for one, number in zip(found, _FORMATS.values(), strict=True)]
        rows.append(Row((variant_cell(variant), *cells)))
    columns = (
        Column("method", is_text=True),
        Column("rank correlation", "score of the colour, effect, ↑"),
        Column("named where a cause", "%, ↑"),
        Column("named elsewhere", "%, ↓"),
    )
    notes = (
        "Rank correlation (Spearman) of the method’s score for the query’s colour with its measured effect, across "
        "pairs; a dash where the method’s score never differs. In brackets 95 % intervals, clustered by query.",
    )
    return Table("Scores of the query’s colour against its measured effect", columns, tuple(rows), notes)


def left_out_table(metrics: MetricTable) -> Table | None:
    """Return how many queries were measured, and how many were left out for which reason; None without any."""
    measured = metrics.single(TABLE, "measured_queries")
    if measured is None:
        return None
    rows = [Row((Cell("measured"), Cell(count_text(measured.value))))]
    for reason in LeftOut:
        counted = metrics.single(TABLE, f"left_out_{reason.name.lower()}")
        if counted is not None:
            rows.append(Row((Cell(reason.value), Cell(count_text(counted.value)))))
    rows.append(Row((Cell("all"), Cell(count_text(measured.n))), "total"))
    accepted = metrics.single(TABLE, "accepted_edits")
    notes = () if accepted is None else (f"Accepted: {count_text(accepted.value)} of {count_text(accepted.n)} edits.",)
    columns = (Column("queries", is_text=True), Column("number"))
    return Table("Queries whose colour was edited, and those left out", columns, tuple(rows), notes)


def _facts(metrics: MetricTable) -> list[tuple[str, str, str]]:
    found = [(name, metrics.single(TABLE, metric), meaning) for metric, name, meaning in _FACTS]
    found += [
        (f"{CALIBRATED}: {name}", metrics.of_variant(TABLE, metric, CALIBRATED), meaning)
        for metric, name, meaning in _CALIBRATION
    ]
    return [
        (name, number_text(one.value, _EFFECT.scale, _EFFECT.decimals), _with_interval(one, meaning))
        for name, one, meaning in found
        if one is not None and one.value is not None
    ]


def _with_interval(estimate: Estimate, meaning: str) -> str:
    return f"{meaning} {interval_text(estimate.low, estimate.high, _EFFECT.scale, _EFFECT.decimals)}".strip()
