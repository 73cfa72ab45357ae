"""How many queries stand behind a figure, and a warning where they are few."""

from collections.abc import Iterable

from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import count_text
from pipeline.report.table_model import Cell

# A bootstrap of fewer clusters draws almost the same ones again and again: its intervals are too short, and differ
# much from one set of queries to the next.
FEW = 10
# What was resampled, one and several.
QUERIES = ("query", "queries")
OUTFITS = ("outfit", "outfits")


def count_cell(estimate: Estimate | None, unit: tuple[str, str] = QUERIES) -> Cell:
    """Return the number of pairs behind a figure, and of the clusters that they come from where these were resampled.

    Args:
        estimate: the figure; a dash where there is none.
        unit: what a cluster is, one and several.
    """
    if estimate is None:
        return Cell(count_text(None))
    clusters = estimate.n_clusters
    note = "" if clusters is None else f"{count_text(clusters)} {unit[0] if clusters == 1 else unit[1]}"
    return Cell(count_text(estimate.n), note)


def few_clusters_note(estimates: Iterable[Estimate | None], unit: tuple[str, str] = QUERIES) -> tuple[str, ...]:
    """Return a line where intervals or p-values rest on fewer than FEW clusters; nothing where none does.

    Args:
        estimates: of a table; those without an interval and p-value do not count.
        unit: what a cluster is, one and several.
    """
    counts = [
        estimate.n_clusters
        for estimate in estimates
        if estimate is not None and estimate.n_clusters and not (estimate.low is None and estimate.p_value is None)
    ]
    if not counts or min(counts) >= FEW:
        return ()
    fewest, (one, several) = min(counts), unit
    return (
        f"Few {several} ({'only one' if fewest == 1 else f'as few as {fewest}'}): intervals and p-values here are "
        f"conditional on these {several}; they do not tell what another {one} would give.",
    )
