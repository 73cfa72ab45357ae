"""How well each kind of replacement tells what editing the attribute alone does, on rendered items."""

from pipeline.report.metric_table import MetricTable
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_TABLE = "audit_replacement"
_KINDS = {
    "deletion": "images that lack the attribute",
    "insertion": "images that have an attribute more",
    "matched": "beyond images as far away that keep it",
    "removal": "the nearest image that lacks it",
}
_CORRELATION = NumberFormat(scale=1.0, decimals=2)
_EFFECT = NumberFormat(scale=100.0, decimals=2)


def validity_table(metrics: MetricTable) -> Table | None:
    """Return rank agreement, bias and slope on distance of each kind of replacement; None without any."""
    kinds = metrics.variants(_TABLE, "rank_agreement")
    if not kinds:
        return None
    columns = (
        Column("replacement", is_text=True),
        Column("rank agreement", "Spearman within pairs, ↑"),
        Column("bias", "× 100"),
        Column("slope on distance", "× 100"),
    )
    rows = tuple(
        Row(
            (
                Cell(_KINDS.get(kind, kind), kind if kind in _KINDS else ""),
                estimate_cell(metrics.of_variant(_TABLE, "rank_agreement", kind), _CORRELATION),
                estimate_cell(metrics.of_variant(_TABLE, "bias", kind), _EFFECT),
                estimate_cell(metrics.of_variant(_TABLE, "distance_slope", kind), _EFFECT),
            )
        )
        for kind in kinds
    )
    note = (
        "Where no item can be rendered again, effects are measured by putting other images in the query’s place. Rank "
        "agreement: does that order a query’s attributes as their true effects do? Bias: how much larger the measured "
        "drop is on average; slope: how much of that comes with the distance of the replacements alone."
    )
    return Table("What replacing the query tells of true effects", columns, rows, (note,))
