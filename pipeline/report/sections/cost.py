"""The section on cost: what each stage took, and what of it is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report.evidence import ReportEvidence, StageRecord
from pipeline.report.number_text import MISSING, count_text, moment_text, seconds_text
from pipeline.report.section import Section
from pipeline.report.sections.provenance import FINGERPRINT_DIGITS
from pipeline.report.table_model import Cell, Column, Row, Table


def cost_section(evidence: ReportEvidence) -> Section:
    """Return the table of the stages behind the report."""
    table = stage_table(evidence.stages)
    return Section("cost", "What it cost, and what is kept", tables=() if table is None else (table,))


def stage_table(stages: Sequence[StageRecord]) -> Table | None:
    """Return one row per stage: shards, passes, time, place, moment and kept parts; None without any."""
    if not stages:
        return None
    columns = (
        Column("stage", is_text=True),
        Column("shards"),
        Column("images"),
        Column("forward passes"),
        Column("time"),
        Column("device", is_text=True),
        Column("when made", "UTC", is_text=True),
        Column("kept in the store", is_text=True),
        Column("fingerprint", is_text=True),
    )
    longest = max(stage.seconds for stage in stages) or 1.0
    rows = [_row(stage, longest) for stage in stages]
    notes = (
        "Time is that of the shards that are kept, added up, when they were first computed; a rerun with "
        "equal inputs takes them from the store. Adopted: the code has changed since, and a user declared the result "
        "still valid. Stages that this report does not read are not listed; sane status lists all, as they are now.",
    )
    return Table("Stages behind this report", columns, (*rows, _total(stages)), notes)


def _row(stage: StageRecord, longest: float) -> Row:
    return Row(
        (
            Cell(stage.stage),
            Cell(count_text(stage.shards)),
            _count(stage.counts, "images"),
            _count(stage.counts, "forward_passes"),
            Cell(seconds_text(stage.seconds), share=stage.seconds / longest),
            Cell(", ".join(stage.devices) or MISSING),
            Cell(moment_text(stage.created).removesuffix(" UTC"), "adopted" if stage.is_adopted else "", tone="line"),
            Cell(", ".join(_part(name, part) for name, part in stage.parts.items()) or MISSING),
            Cell(stage.fingerprint[:FINGERPRINT_DIGITS], tone="code"),
        )
    )


def _total(stages: Sequence[StageRecord]) -> Row:
    passes = sum(stage.counts.get("forward_passes", 0) for stage in stages)
    seconds = sum(stage.seconds for stage in stages)
    shards = sum(stage.shards for stage in stages)
    texts = ("together", count_text(shards), "", count_text(passes), seconds_text(seconds), "", "", "", "")
    return Row(tuple(Cell(text) for text in texts), "total")


def _count(counts: Mapping[str, int], name: str) -> Cell:
    return Cell(count_text(counts[name])) if counts.get(name) else Cell(MISSING, tone="muted")


def _part(name: str, part: Mapping[str, Any]) -> str:
    if "rows" in part:
        return f"{name} ({count_text(part['rows'])} rows)"
    return f"{name} ({part.get('kind', 'data')})"
