"""How many queries, outfits or classes stand behind a figure, and a warning where they are few."""

from collections.abc import Iterable
from typing import Final

from pipeline.datasets.declaration import CLASS, OUTFIT, QUERY
from pipeline.evaluation.shared_units import IMAGE, few_clusters
from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import count_text
from pipeline.report.table_model import Cell

SEVERAL: Final = {QUERY: "queries", CLASS: "classes", OUTFIT: "outfits", IMAGE: "images"}


def count_cell(estimate: Estimate | None) -> Cell:
    """Return the number of pairs behind a figure, and of the clusters that they come from where these were resampled.

    A dash where there is no figure.
    """
    if estimate is None:
        return Cell(count_text(None))
    clusters, unit = estimate.n_clusters, _unit(estimate)
    note = "" if clusters is None else f"{count_text(clusters)} {unit if clusters == 1 else SEVERAL[unit]}"
    return Cell(count_text(estimate.n), note)


def few_clusters_note(estimates: Iterable[Estimate | None]) -> tuple[str, ...]:
    """Return a line where intervals or p-values of a table rest on few clusters; nothing where none does.

    Figures without an interval and p-value do not count.
    """
    few = [
        estimate
        for estimate in estimates
        if estimate is not None
        and few_clusters(estimate.n_clusters)
        and not (estimate.low is None and estimate.p_value is None)
    ]
    if not few:
        return ()
    fewest = min(few, key=lambda estimate: estimate.n_clusters or 0)
    one, several = _unit(fewest), SEVERAL[_unit(fewest)]
    count = "only one" if fewest.n_clusters == 1 else f"as few as {fewest.n_clusters}"
    return (
        f"Few {several} ({count}): intervals and p-values here are conditional on these {several}; they do not tell "
        f"what another {one} would give.",
    )


def _unit(estimate: Estimate) -> str:
    return estimate.cluster_unit or QUERY
