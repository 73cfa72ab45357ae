"""Tables on whether maps find a region that is known: of the truly best attribute, or of parts."""

from collections.abc import Sequence

from pipeline.evaluation.metrics import attribute_localisation
from pipeline.evaluation.metrics.localisation import PARTS_TABLE, TABLE
from pipeline.report.comparisons import difference_cell
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.generator_names import generator_name
from pipeline.report.metric_table import Estimate, MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell

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
_PARTS_NOTE = (
    "The region: discs with a radius of 15 px, at 224 px a side, around the parts of the query that the answer’s "
    "attribute is of, as far as the release shows them in view; pairs whose answer is an attribute of the whole, or "
    "none, are not here. The parts are known, that the attribute is the cause is not: a faithful map of another cause "
    "points elsewhere. AUROC: the chance that a pixel of the region is more salient than one outside; 50 is chance. "
    "Pointing: how often the map’s peak lies in the region. Left out: pairs whose parts cannot be seen. In brackets "
    "95 % intervals. Green: better than the blob, red: worse, at p < 0.05 after Holm’s correction; grey: no difference "
    "was shown."
)
_ATTRIBUTE_TABLE = attribute_localisation.TABLE
_ATTRIBUTE_MAP = "map of the attribute that answers"


def localisation_table(metrics: MetricTable, generators: list[tuple[str, str]]) -> Table | None:
    """Return AUROC and pointing hits x 100 by generator and mode, also minus the blob's; None without any figure."""
    run = _with_figures(metrics, TABLE, generators)
    if not run:
        return None
    columns = _columns([Column(heading, hint, _GROUP) for _, heading, hint in _DIFFERENCES])
    differences = [metric for metric, *_ in _DIFFERENCES]
    rows = tuple(_row(metrics, TABLE, key, differences) for key in run)
    notes = (_NOTE, *few_clusters_note(metrics.all_in(TABLE)))
    return Table("Do maps find the pixels of the truly best attribute?", columns, rows, notes)


def part_localisation_table(metrics: MetricTable, generators: list[tuple[str, str]]) -> Table | None:
    """Return the same for parts of photographs, and the AUROC of maps of attributes; None without any figure."""
    run = _with_figures(metrics, PARTS_TABLE, generators)
    if not run:
        return None
    columns = _columns([Column("AUROC", "", _GROUP), Column("pointing", "", _GROUP)])
    differences = [f"{measure}_difference" for measure in _MEASURES]
    rows = [_row(metrics, PARTS_TABLE, key, differences) for key in run]
    own = metrics.of_variant(_ATTRIBUTE_TABLE, "auroc", "attribute")
    if own is not None:
        rows.append(_attribute_row(metrics, own))
    notes = (_PARTS_NOTE, *few_clusters_note(metrics.all_in(PARTS_TABLE)))
    return Table("Do maps find the parts that the answer is of?", columns, tuple(rows), notes)


def _with_figures(metrics: MetricTable, table: str, generators: list[tuple[str, str]]) -> list[tuple[str, str]]:
    found = {key: metrics.of_maps(table, _MEASURES[0], *key) for key in generators}
    return [key for key, figure in found.items() if figure is not None and figure.value is not None]


def _columns(differences: Sequence[Column]) -> tuple[Column, ...]:
    measures = (Column("AUROC", "↑", "× 100"), Column("pointing", "↑", "× 100"))
    return (Column("generator", is_text=True), *measures, *differences, Column("pairs"), Column("left out"))


def _row(metrics: MetricTable, table: str, key: tuple[str, str], differences: Sequence[str]) -> Row:
    generator, mode = key
    figures = [metrics.of_maps(table, measure, generator, mode) for measure in _MEASURES]
    cells = [Cell(generator_name(generator), mode), *(estimate_cell(figure, _SHARE) for figure in figures)]
    cells += [difference_cell(metrics.of_maps(table, name, generator, mode), _SHARE, 1) for name in differences]
    left_out = metrics.of_maps(table, "left_out", generator, mode)
    cells.append(count_cell(figures[0]))
    cells.append(Cell(count_text(left_out.value if left_out else None)))
    return Row(tuple(cells))


def _attribute_row(metrics: MetricTable, own: Estimate) -> Row:
    compared = metrics.all_of(_ATTRIBUTE_TABLE, "auroc_difference")
    from_blob = next((one for one in compared if (one.variant, one.compared_with) == ("attribute", "centre")), None)
    auroc, difference, nothing = (
        estimate_cell(own, _SHARE),
        difference_cell(from_blob, _SHARE, 1),
        Cell(count_text(None)),
    )
    return Row((Cell(_ATTRIBUTE_MAP), auroc, nothing, difference, nothing, count_cell(own), nothing))
