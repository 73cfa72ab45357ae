"""Comparisons: differences with their corrected p-values, and who wins."""

from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import MISSING, count_text, p_value_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.variant_names import variant_cell

_SIGNIFICANT = 0.05


def comparison_table(
    title: str, heading: str, estimates: list[Estimate], better_sign: int, number: NumberFormat
) -> Table | None:
    """Return one row per comparison with its interval, p-value and verdict; None without any.

    `better_sign` is 1 where a positive difference speaks for the variant, -1 where a negative one does.
    """
    if not estimates:
        return None
    columns = (
        Column("method", is_text=True),
        Column("compared with", is_text=True),
        Column(heading),
        Column("p", "Holm"),
        Column("pairs"),
        Column("verdict", is_text=True),
    )
    rows = tuple(
        Row(
            (
                variant_cell(estimate.variant) if estimate.variant else Cell(MISSING),
                variant_cell(estimate.compared_with) if estimate.compared_with else Cell(MISSING),
                estimate_cell(estimate, number),
                Cell(p_value_text(estimate.p_value, estimate.p_is_bound)),
                count_cell(estimate),
                verdict_cell(estimate, better_sign),
            )
        )
        for estimate in estimates
    )
    note = (
        "Verdicts at p < 0.05 after Holm’s correction over the table, methods that are told the query’s labels apart; "
        "a tie means that no difference was shown."
    )
    return Table(title, columns, rows, (note, *few_clusters_note(estimates)))


def verdict_cell(estimate: Estimate, better_sign: int) -> Cell:
    """Return "better", "worse" or "tie" from the corrected p-value and the sign of the difference."""
    if estimate.value is None or estimate.p_value is None:
        return Cell(MISSING, tone="muted")
    if estimate.p_value >= _SIGNIFICANT:
        return Cell("tie", tone="muted")
    return Cell("better", tone="good") if estimate.value * better_sign > 0 else Cell("worse", tone="bad")


def difference_cell(
    estimate: Estimate | None, number: NumberFormat, better_sign: int, pairs: int | None = None
) -> Cell:
    """Return a difference with interval, p-value and the pairs behind it, coloured by its verdict.

    The pairs go unsaid where they are as many as `pairs`, which the row names.
    """
    if estimate is None or estimate.value is None:
        return Cell(MISSING, tone="muted")
    shown = estimate_cell(estimate, number, verdict_cell(estimate, better_sign).tone)
    p_text = p_value_text(estimate.p_value, estimate.p_is_bound)
    p_text = f"p {p_text}" if p_text.startswith(("<", "≤")) else f"p = {p_text}"
    fewer = "" if estimate.n == pairs else f", {count_text(estimate.n)} pairs"
    return Cell(shown.text, f"{shown.note} {p_text}{fewer}".strip(), shown.tone)
