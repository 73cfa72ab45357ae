"""The section on edits of whole items: what they do to the score, beside what the answers say."""

from typing import Final

from pipeline.evaluation.metrics.whole_edits import TABLE
from pipeline.evaluation.recolouring.edit_kinds import NotEdited, WholeEdit
from pipeline.report.edits import edit_pictures
from pipeline.report.evidence import ReportEvidence
from pipeline.report.few_clusters import few_clusters_note
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import MISSING, count_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_MEANINGS: Final = {
    WholeEdit.GREYSCALE: "colour as a whole",
    WholeEdit.MIRRORED: "nothing a label of the item names",
    WholeEdit.BACKGROUND: "nothing a label of the item names",
}
_EFFECT: Final = NumberFormat(scale=1.0, decimals=3)
_SHARE: Final = NumberFormat(scale=100.0, decimals=1)
_SHARES: Final = (
    "cause_share",
    "unexplained_where_cause",
    "unexplained_elsewhere",
    "names_colour_where_cause",
    "names_colour_elsewhere",
)


def whole_edits_section(evidence: ReportEvidence) -> Section:
    """Return the tables of the edits and some of their pictures; empty where none was made."""
    metrics = MetricTable(evidence.metrics)
    tables = (effects_table(metrics), left_out_table(metrics))
    return Section(
        "whole-edits",
        "Edits of the whole item",
        (
            "The query’s item is put into greys, mirrored, or set on another ground, with everything else as it was. "
            "Greyscale takes away colour as a whole. Mirroring and another ground take away nothing that a label of "
            "the item names: where they lower the score, the match also rests on what no attribute accounts for, and "
            "“no attribute explains this match” should be said more often there than elsewhere.",
        ),
        tables=tuple(table for table in tables if table is not None),
        edits=edit_pictures(evidence.whole_edits),
    )


def effects_table(metrics: MetricTable) -> Table | None:
    """Return by edit how far the score falls and what the answers say of those pairs; None without any."""
    found = metrics.variants(TABLE, "mean_effect")
    if not found:
        return None
    rows = []
    for edit in (one for one in WholeEdit if one in found):
        effects = [metrics.of_variant(TABLE, metric, edit) for metric in ("mean_effect", "mean_size")]
        shares = [metrics.of_variant(TABLE, metric, edit) for metric in _SHARES]
        cells = [
            Cell(edit.value, _MEANINGS[edit]),
            *(estimate_cell(one, _EFFECT) for one in effects),
            *(estimate_cell(one, _SHARE) for one in shares),
            Cell(count_text(effects[0].n if effects[0] else None)),
        ]
        rows.append(Row(tuple(cells)))
    columns = (
        Column("edit", "what it takes away", is_text=True),
        Column("effect", "similarity"),
        Column("size of effect", "similarity"),
        Column("a cause", "% of pairs"),
        Column("where a cause", "%", group="no attribute explains"),
        Column("elsewhere", "%", group="no attribute explains"),
        Column("where a cause", "%", group="answer is a colour"),
        Column("elsewhere", "%", group="answer is a colour"),
        Column("pairs"),
    )
    notes = (
        "Effect: s(query, reference) − s(edited query, reference). A cause: above the floor of effects, which edits "
        "that should not matter stay below. In brackets 95 % intervals. On rendered items the ground is labelled, so "
        "there an attribute may stand for it.",
        *few_clusters_note(metrics.all_in(TABLE)),
    )
    return Table("What edits of the whole item do to the score", columns, tuple(rows), notes)


def left_out_table(metrics: MetricTable) -> Table | None:
    """Return how many queries each edit was made of, and of how many it was not for which reason; None without any."""
    found = [edit for edit in WholeEdit if metrics.of_variant(TABLE, "measured_queries", edit) is not None]
    if not found:
        return None
    rows = [Row((Cell("edited"), *(_count(metrics.of_variant(TABLE, "measured_queries", edit)) for edit in found)))]
    for reason in NotEdited:
        counted = [metrics.of_variant(TABLE, f"left_out_{reason.name.lower()}", edit) for edit in found]
        if any(counted):
            rows.append(Row((Cell(reason.value), *(_count(one) for one in counted))))
    columns = (Column("queries", is_text=True), *(Column(edit.value) for edit in found))
    return Table("Queries that were edited, and those that were not", columns, tuple(rows))


def _count(estimate: Estimate | None) -> Cell:
    return Cell(MISSING, tone="muted") if estimate is None else Cell(count_text(estimate.value))
