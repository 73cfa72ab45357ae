"""The audit beyond single answers: whole rankings, answers that change with the truth, and both directions of pairs."""

from typing import Final

from pipeline.evaluation.audit.answers import PRESENT
from pipeline.evaluation.audit.directions import TABLE as DIRECTIONS
from pipeline.report.few_clusters import count_cell
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.report.variant_names import ordered, variant_cell

_RANKING, _SWITCHING = "audit_ranking", "audit_switching"
_DIFFER, _AGREE = "both_hit_when_truths_differ", "unchanged_when_truths_agree"
_CORRELATION: Final = NumberFormat(scale=1.0, decimals=2)
_SHARE: Final = NumberFormat(scale=100.0, decimals=1)
_SCORE: Final = NumberFormat(scale=100.0, decimals=2)
_ORACLE: Final = "oracle"


def agreement_table(metrics: MetricTable) -> Table | None:
    """Return rank agreement and switching by variant, each among the query's attributes; None without any."""
    names = _names_among_present(metrics, _SWITCHING, _AGREE)
    ranked = metrics.variants(_RANKING, "rank_agreement")
    if not names and not ranked:
        return None
    rows = []
    for variant in ordered([*names, *ranked]):
        named = names.get(variant, variant)
        ranking = metrics.of_variant(_RANKING, "rank_agreement", variant)
        differ, agree = (metrics.of_variant(_SWITCHING, metric, named) for metric in (_DIFFER, _AGREE))
        cells = (
            variant_cell(variant),
            estimate_cell(ranking, _CORRELATION),
            _counted_cell(differ),
            _counted_cell(agree),
        )
        rows.append(Row(cells))
    columns = (
        Column("method", is_text=True),
        Column("rank agreement", "Kendall’s tau-b, 1 same order, 0 none, ↑"),
        Column("right for both, causes differ", "%, ↑"),
        Column("unchanged, cause is the same", "%, ↑"),
    )
    notes = (
        "Rank agreement: are a query’s attributes in the order of their true effects, the first one and all others? "
        "Then, for every two pairs with the same query and another reference: where the attribute with the largest "
        "true effect is another one, does the method hit in both pairs, for which it mostly must name two attributes; "
        "where it is the same one, does it name one attribute twice? A method that does not look at the reference "
        "hardly ever does the first and always the second. Attributes that the query lacks are left out, but for the "
        "row “the answers”. In brackets 95 % intervals, clustered by query, and the number of comparisons.",
    )
    return Table("Rankings against true effects, and answers for two references", columns, tuple(rows), notes)


def directions_table(metrics: MetricTable) -> Table | None:
    """Return by variant how the answers for both directions of a pair compare; None without any."""
    names = _names_among_present(metrics, DIRECTIONS, "same_attribute")
    if not names:
        return None
    variants = [*ordered(name for name in names if name != _ORACLE), *(name for name in names if name == _ORACLE)]
    rows = []
    for variant in variants:
        found = [
            metrics.of_variant(DIRECTIONS, metric, names[variant])
            for metric in ("same_attribute", "hit_in_both", "regret_gap")
        ]
        cells = [estimate_cell(one, number) for one, number in zip(found, (_SHARE, _SHARE, _SCORE), strict=True)]
        tone = "muted" if variant == _ORACLE else ""
        rows.append(Row((variant_cell(variant), *cells, count_cell(found[0])), tone))
    columns = (
        Column("method", is_text=True),
        Column("same attribute", "%"),
        Column("hits in both", "%, ↑"),
        Column("difference of regret", "score × 100, ↓"),
        Column("pairs", "eligible both ways"),
    )
    notes = (
        "Each pair is explained twice: the first image against the second, and the second against the first. The score "
        "is the same, the edited image is not, so even the true causes differ in some pairs (last row). Hits in "
        "both: at least 90 % of the best effect each way. Difference of regret: how much more of the best effect one "
        "direction misses than the other, mean of its size. Attributes that the query lacks are left out, but for the "
        "row “the answers”. In brackets 95 % intervals; both directions of a pair are in one cluster.",
    )
    return Table("Both directions of a pair", columns, tuple(rows), notes)


def _names_among_present(metrics: MetricTable, table_name: str, metric: str) -> dict[str, str]:
    """Return the name of each variant's figures in a table: those among the query's attributes where there are any."""
    found = metrics.variants(table_name, metric)
    return {name.removesuffix(PRESENT): name for name in found if name.endswith(PRESENT) or name + PRESENT not in found}


def _counted_cell(estimate: Estimate | None) -> Cell:
    cell = estimate_cell(estimate, _SHARE)
    if estimate is None or estimate.value is None:
        return cell
    return Cell(cell.text, f"{cell.note} of {count_text(estimate.n)}".strip(), cell.tone)
