"""How few attributes account for most of a match, and on rendered items whether they truly do."""

from typing import Final

from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import interval_text, number_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_AUDIT: Final = "answer_set_audit"
_SIZE = NumberFormat(scale=1.0, decimals=2)
_SHARE = NumberFormat(scale=100.0, decimals=1)
_KINDS: Final = {
    "chosen": "the smallest set, as predicted",
    "greedy": "found by adding the attribute that lowers the score most",
    "leading": "the leading attribute alone",
    "random": "mean over sets of the same size",
    "smallest": "the smallest set by true effects",
}


def sets_sentence(metrics: MetricTable) -> str:
    """Return how large the sets of the table `answer_sets` are, a sentence; empty without their figures."""
    size, one = (metrics.of_variant("answer_set", metric, "chosen") for metric in ("size", "one_suffices"))
    if size is None or size.value is None or one is None:
        return ""
    return (
        f"The smallest set that is expected to account for most of what all of a query’s attributes do together has "
        f"{number_text(size.value, decimals=2)} {interval_text(size.low, size.high, decimals=2)} attributes on "
        f"average; for {number_text(one.value, 100.0, 0)} % of pairs it is one."
    )


def sets_table(metrics: MetricTable) -> Table | None:
    """Return what sets truly account for on rendered items; None without figures of them."""
    kinds = [kind for kind in metrics.variants(_AUDIT, "reaches") if kind in _KINDS]
    if not kinds:
        return None
    columns = (
        Column("set", is_text=True),
        Column("attributes"),
        Column("reaches its share", "% of pairs, ↑"),
        Column("of the joint effect", "%, ↑"),
    )
    rows = tuple(
        Row(
            (
                Cell(kind, _KINDS[kind]),
                estimate_cell(metrics.of_variant(_AUDIT, "true_size", kind), _SIZE),
                estimate_cell(metrics.of_variant(_AUDIT, "reaches", kind), _SHARE),
                estimate_cell(metrics.of_variant(_AUDIT, "share_of_joint", kind), _SHARE),
            )
        )
        for kind in kinds
    )
    note = (
        "Measured by rendering each query again with the whole set changed. A set has to reach a chosen share of the "
        "effect of changing all attributes at once; its part of that effect is over all pairs. Only pairs whose "
        "attributes together matter more than noise."
    )
    return Table("More than one attribute: what sets truly account for", columns, rows, (note,))
