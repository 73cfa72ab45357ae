"""Do maps find the pixels of the truly best attribute? And do they more than a blob in the middle?"""

from pipeline.report.explanation_tables import verdict_cell
from pipeline.report.generator_names import generator_name
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import MISSING, count_text, p_value_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

_TABLE = "map_localisation"
_SHARE = NumberFormat(scale=100.0, decimals=1)
_MEASURES = ("auroc", "pointing_hit")
_DIFFERENCES = (
    ("auroc_difference", "AUROC", "all regions"),
    ("pointing_hit_difference", "pointing", "all regions"),
    ("auroc_difference_small_regions", "AUROC", "small regions"),
    ("auroc_difference_medium_regions", "AUROC", "medium"),
    ("auroc_difference_large_regions", "AUROC", "large"),
)
_GROUP = "minus the centre blob’s, × 100"
_NOTE = (
    "The region: the pixels of the query that change when its truly best attribute is edited, of those it has the one "
    "whose edits lower the score most, whatever any explanation named. AUROC: the chance that a pixel of the region is "
    "more salient than one outside; 50 is chance. Pointing: how often the map’s peak lies in the region, tied peaks by "
    "their share. Left out: pairs of which no attribute matters more than edits of the background do, and regions that "
    "are empty or more than half of the image. Small, medium and large: thirds "
    "of the other regions by area. In brackets 95 % intervals, clustered by query. Green: better than the blob, red: "
    "worse, at p < 0.05 after Holm’s correction over these and the pointing differences by area, which the table "
    "metrics holds; grey: no difference was shown."
)


def localisation_table(metrics: MetricTable, generators: list[tuple[str, str]]) -> Table | None:
    """Return AUROC and pointing hits x 100 by generator and mode, also minus the blob's; None without any figure."""
    run = [key for key in generators if metrics.of_maps(_TABLE, _MEASURES[0], *key) is not None]
    if not run:
        return None
    columns = (
        Column("generator", is_text=True),
        Column("AUROC", "↑", "× 100"),
        Column("pointing", "↑", "× 100"),
        *(Column(heading, hint, _GROUP) for _, heading, hint in _DIFFERENCES),
        Column("pairs"),
        Column("left out"),
    )
    rows = tuple(_row(metrics, *key) for key in run)
    return Table("Do maps find the pixels of the truly best attribute?", columns, rows, (_NOTE,))


def _row(metrics: MetricTable, generator: str, mode: str) -> Row:
    figures = [metrics.of_maps(_TABLE, measure, generator, mode) for measure in _MEASURES]
    cells = [Cell(generator_name(generator), mode), *(estimate_cell(figure, _SHARE) for figure in figures)]
    cells += [_difference_cell(metrics.of_maps(_TABLE, metric, generator, mode)) for metric, *_ in _DIFFERENCES]
    left_out = metrics.of_maps(_TABLE, "left_out", generator, mode)
    cells.append(Cell(count_text(figures[0].n if figures[0] else None)))
    cells.append(Cell(count_text(left_out.value if left_out else None)))
    return Row(tuple(cells))


def _difference_cell(estimate: Estimate | None) -> Cell:
    """Return the difference with interval, p-value and pairs, coloured by the verdict."""
    if estimate is None or estimate.value is None:
        return Cell(MISSING, tone="muted")
    number = estimate_cell(estimate, _SHARE, verdict_cell(estimate, 1).tone)
    p_text = p_value_text(estimate.p_value)
    p_text = f"p {p_text}" if p_text.startswith("<") else f"p = {p_text}"
    return Cell(number.text, f"{number.note} {p_text}, {count_text(estimate.n)} pairs".strip(), number.tone)
