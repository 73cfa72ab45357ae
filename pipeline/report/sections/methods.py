"""The section that says what the methods are which the tables compare."""

from pipeline.explanation.variants import SHUFFLED, VARIANTS
from pipeline.report.evidence import ReportEvidence
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, Row, Table
from pipeline.report.variant_names import TOLD_LABELS, description, ordered, variant_cell

_COMPARED = (("attribute_explanation", "top1_accuracy"), ("attribute_explanation", "matched_effect"))


def methods_section(evidence: ReportEvidence) -> Section:
    """Return every way of ranking attributes with what it does; empty where none was run."""
    metrics = MetricTable(evidence.metrics)
    table = methods_table(metrics)
    return Section(
        "methods",
        "Methods compared",
        (
            "A method ranks the attributes of a pair; what it puts first is its answer. The tables call each by the "
            "name on the left; small below it stands its name in the configuration and in the store’s tables. “Maps "
            "exchanged” is a control: the same method given the map of another pair, which should make it worse if "
            "maps matter.",
            *_counted_texts(metrics, evidence),
        ),
        tables=() if table is None else (table,),
    )


def _counted_texts(metrics: MetricTable, evidence: ReportEvidence) -> list[str]:
    """Return how many methods there are, how many of them may answer, and how many are asked whether they disagree."""
    names = {name for table, metric in _COMPARED for name in metrics.variants(table, metric)}
    methods = names.intersection(VARIANTS)
    if not methods:
        return []
    text = f"Of {count_text(len(methods))} methods"
    controls = sum(name.endswith(SHUFFLED) for name in names)
    text += f", beside which {count_text(controls)} controls are measured, " if controls else " "
    may_answer = sum(VARIANTS[name].may_answer for name in methods)
    text += f"{count_text(may_answer)} may answer: all but random ones."
    if 0 < len(evidence.answer_choice) < may_answer:
        text += f" {count_text(len(evidence.answer_choice))} of them competed to answer in this run."
    if evidence.pair_table is not None and evidence.pair_table.methods:
        asked = count_text(len(evidence.pair_table.methods))
        text += (
            f" Where the report says how many methods disagree, it asks {asked}: those that may answer, but for the "
            "ones that name the same attribute for every pair."
        )
    return [text]


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
