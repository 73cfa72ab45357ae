"""What the score owes to the attributes that are named: deletion, insertion and matched effects, by variant."""

from pipeline.evaluation.metrics.attribute_effects import ORACLE, ORACLE_DESCRIPTION
from pipeline.report.comparisons import comparison_table
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.variant_names import ordered, variant_cell

# Changes of a cosine are small: two decimals after x 100.
EFFECT = NumberFormat(scale=100.0, decimals=2)
_DISTANCE = NumberFormat(scale=1.0, decimals=2)
_TABLE = "attribute_explanation"


def effects_table(metrics: MetricTable) -> Table | None:
    """Return matched effect, deletion, insertion and distance by variant; None without any."""
    run = ordered(metrics.variants(_TABLE, "matched_effect"))
    if not run:
        return None
    columns = (
        Column("method", is_text=True),
        Column("matched effect", "× 100, ↑"),
        Column("undefined"),
        Column("deletion", "× 100, ↓"),
        Column("undefined"),
        Column("insertion", "× 100, ↑"),
        Column("undefined"),
        Column("distance", "of replacements"),
    )
    rows = tuple(_row(metrics, variant) for variant in run)
    return Table("Effects of the attributes named, at equal distance and as in the papers", columns, rows, _notes())


def matched_comparison_table(metrics: MetricTable) -> Table | None:
    """Return each variant's matched effect minus the classifier's, wins, ties and losses alike; None without any."""
    estimates = metrics.all_of("attribute_explanation_comparison", "matched_effect_difference")
    order = ordered(estimate.variant or "" for estimate in estimates)
    estimates.sort(key=lambda estimate: order.index(estimate.variant or ""))
    title = "Matched effect compared with the classifier’s"
    return comparison_table(title, "difference × 100, ↑", estimates, 1, EFFECT)


def _row(metrics: MetricTable, variant: str) -> Row:
    cells = [variant_cell(variant, ORACLE_DESCRIPTION if variant == ORACLE else "")]
    for metric, undefined in (
        ("matched_effect", "matched_undefined"),
        ("deletion", "deletion_undefined"),
        ("insertion", "insertion_undefined"),
    ):
        count = metrics.of_variant(_TABLE, undefined, variant)
        cells.append(estimate_cell(metrics.of_variant(_TABLE, metric, variant), EFFECT))
        cells.append(Cell(count_text(count.value if count else None)))
    cells.append(estimate_cell(metrics.of_variant(_TABLE, "replacement_distance", variant), _DISTANCE))
    return Row(tuple(cells))


def _notes() -> tuple[str, ...]:
    return (
        "Deletion: how the score changes when the query is replaced by the test images that are nearest by their "
        "other attributes and lack the first attribute on the list that the query has; insertion: by images that "
        "have the first one that it lacks. Both grow with the distance of the replacements, whatever the cause. "
        "Matched effect: the drop by deletion of the named attribute beyond the drop by images that are as far from "
        "the query and keep the attribute (0 where the query lacks it). In brackets 95 % intervals, clustered by "
        "query.",
    )
