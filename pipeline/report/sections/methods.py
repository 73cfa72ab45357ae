"""The section that says what the methods are which the tables compare."""

from pipeline.report.evidence import ReportEvidence
from pipeline.report.metric_table import MetricTable
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, Row, Table
from pipeline.report.variant_names import TOLD_LABELS, description, ordered, variant_cell

_COMPARED = (("attribute_explanation", "top1_accuracy"), ("attribute_explanation", "matched_effect"))


def methods_section(evidence: ReportEvidence) -> Section:
    """Return every way of ranking attributes with what it does; empty where none was run."""
    table = methods_table(MetricTable(evidence.metrics))
    return Section(
        "methods",
        "Methods compared",
        (
            "A method ranks the attributes of a pair; what it puts first is its answer. The tables call each by the "
            "name on the left; small below it stands its name in the configuration and in the store’s tables. “Maps "
            "exchanged” is a control: the same method given the map of another pair, which should make it worse if "
            "maps matter.",
        ),
        tables=() if table is None else (table,),
    )


def methods_table(metrics: MetricTable) -> Table | None:
    """Return a row for each method whose answers were measured, in reading order; None without any."""
    names = ordered(name for table, metric in _COMPARED for name in metrics.variants(table, metric))
    # What is said only of known methods; bounds are explained where they stand.
    known = [name for name in names if description(name)]
    if not known:
        return None
    columns = (
        Column("method", is_text=True),
        Column("what it names first", is_text=True),
        Column("told the query’s labels", is_text=True),
    )
    rows = tuple(
        Row((variant_cell(name), Cell(description(name)), Cell("yes" if name in TOLD_LABELS else "no")))
        for name in known
    )
    return Table("Methods and what they do", columns, rows)
