"""The section on retrieval: does the model find images of a query's class among images that it never saw?"""

import re

from pipeline.evaluation.metrics.retrieval import TABLE, WITHOUT_MATCH
from pipeline.report.evidence import ReportEvidence
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import PERCENT, count_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_SHARE = NumberFormat(scale=PERCENT, decimals=1)
_OF_RANKS = re.compile(r"(recall_at|rank)_(\d+)")
_NAMES = {
    "precision_at_1": ("precision at 1", "the nearest image is a true match"),
    "r_precision": ("R-precision", "share of true matches among the R nearest, R being how many there are"),
    "map_at_r": ("MAP@R", "mean precision at the true matches among the R nearest; the others count 0"),
    "mean_average_precision": ("mAP", "as the evaluation of Market-1501 has it: straight lines between matches"),
    "mean_average_precision_steps": ("mAP, in steps", "mean precision at every true match"),
}


def retrieval_section(evidence: ReportEvidence) -> Section:
    """Return the figures of retrieval; no tables where it was not measured."""
    metrics = MetricTable(evidence.metrics)
    found = {row["metric"]: None for row in evidence.metrics if row["table_name"] == TABLE}
    estimates = {name: metrics.single(TABLE, name) for name in found if name != WITHOUT_MATCH}
    over_cameras = any(name.startswith("rank_") for name in estimates)
    where = "in the gallery, without images of its class by its own camera" if over_cameras else "among all others"
    return Section(
        "retrieval",
        "Does the model find what belongs together?",
        (
            f"Every {'query' if over_cameras else 'test image'} is looked for {where}; images of its class are true "
            "matches. The classes of the test split are none of those that the model learned from.",
        ),
        tables=(_table(estimates, metrics.single(TABLE, WITHOUT_MATCH)),) if estimates else (),
    )


def _table(estimates: dict[str, Estimate | None], alone: Estimate | None) -> Table:
    columns = (Column("figure", is_text=True), Column("share", "%, ↑"), Column("queries"))
    rows = tuple(
        Row((_name_cell(name), estimate_cell(estimate, _SHARE), count_cell(estimate)))
        for name, estimate in estimates.items()
    )
    notes = ["In brackets 95 % intervals over classes, drawn whole.", *few_clusters_note(estimates.values())]
    if alone is not None and alone.value:
        notes.append(f"{count_text(alone.value)} of {count_text(alone.n)} queries have no true match and are left out.")
    return Table("Retrieval", columns, rows, tuple(notes))


def _name_cell(name: str) -> Cell:
    ranked = _OF_RANKS.fullmatch(name)
    if ranked is None:
        return Cell(*_NAMES.get(name, (name, "")))
    text = f"Recall@{ranked[2]}" if ranked[1] == "recall_at" else f"rank-{ranked[2]}"
    return Cell(text, f"a true match is among the {ranked[2]} nearest" if ranked[2] != "1" else "the nearest is one")
