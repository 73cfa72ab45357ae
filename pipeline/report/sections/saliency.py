"""The section on saliency maps: their faithfulness, the true regions they find, their cost and their looks."""

from pipeline.report.comparisons import difference_cell
from pipeline.report.evidence import ReportEvidence
from pipeline.report.faithfulness_figures import faithfulness_figures
from pipeline.report.faithfulness_table import faithfulness_comparison_table, faithfulness_table
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.gallery import make_gallery
from pipeline.report.generator_names import generator_name, maps_name
from pipeline.report.map_protocols_table import map_parts_table, map_protocols_table
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.paper_figures import papers_paragraph
from pipeline.report.runtime_table import map_runtimes, runtime_table
from pipeline.report.section import Section
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell
from pipeline.saliency.fill import BLUR, MEAN, Fill

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
_CURVES_NOTE = (
    "Curves: means over pairs after the papers’ normalisation, so that the area under each is the "
    "table’s figure; bands are pointwise 95 % by a normal approximation clustered by query."
)


def saliency_section(evidence: ReportEvidence) -> Section:
    """Return all tables over generators and modes, the gallery of the same pairs, and the curves."""
    generators, dataset = list(evidence.generators), evidence.facts.dataset
    metrics = MetricTable(evidence.metrics)
    tables = (
        faithfulness_table(metrics, generators, dataset),
        faithfulness_comparison_table(metrics, generators),
        localisation_table(metrics, generators),
        map_parts_table(metrics, generators),
        map_protocols_table(metrics, generators),
        runtime_table(map_runtimes(evidence.stages, generators), dataset),
    )
    figures = tuple(faithfulness_figures(evidence.curves))
    return Section(
        "saliency",
        "Saliency maps",
        (*curve_paragraphs(evidence), *papers_paragraph(dataset)),
        tables=tuple(table for table in tables if table is not None),
        gallery=make_gallery(evidence.gallery, generators),
        figures=figures,
        notes=(*fill_notes(evidence.facts.fill), *((_CURVES_NOTE,) if figures else ())),
    )


def curve_paragraphs(evidence: ReportEvidence) -> tuple[str, ...]:
    """Return how many pairs have curves, where the run was asked for fewer than all; nothing where for all."""
    if not evidence.curves_asked:
        return (
            "Insertion and deletion curves were turned off (evaluation.curves = false): no figure here says how "
            "faithful the maps are to the model.",
        )
    if evidence.curve_pairs_asked is None:
        return ()
    counts = {maps_name(found.generator, found.mode): len(found.insertion_pt) for found in evidence.curves}
    shown = ", ".join(f"{name} {count_text(count)}" for name, count in counts.items())
    return (
        f"Insertion and deletion curves were made of at most {count_text(evidence.curve_pairs_asked)} pairs "
        f"(evaluation.curve_pairs) of {count_text(evidence.facts.test_pairs)}: {shown}. Curves, and the tables of "
        "faithfulness, are of these.",
    )


def fill_notes(fill: Fill | None) -> tuple[str, ...]:
    """Return what removed pixels became, in words; nothing where each generator did as in its paper."""
    if fill is None:
        return ()
    words = {MEAN: "the mean colour of ImageNet", BLUR: "a blurred copy of the image"}
    shown = (
        words.get(fill, fill) if isinstance(fill, str) else f"the colour {', '.join(map(str, fill))} (red, green, blue)"
    )
    return (f"Maps: pixels that a generator removes become {shown}, not what its paper fills in.",)


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
    notes = (_NOTE, *few_clusters_note(metrics.all_in(_TABLE)))
    return Table("Do maps find the pixels of the truly best attribute?", columns, rows, notes)


def _row(metrics: MetricTable, generator: str, mode: str) -> Row:
    figures = [metrics.of_maps(_TABLE, measure, generator, mode) for measure in _MEASURES]
    cells = [Cell(generator_name(generator), mode), *(estimate_cell(figure, _SHARE) for figure in figures)]
    cells += [
        difference_cell(metrics.of_maps(_TABLE, metric, generator, mode), _SHARE, 1) for metric, *_ in _DIFFERENCES
    ]
    left_out = metrics.of_maps(_TABLE, "left_out", generator, mode)
    cells.append(count_cell(figures[0]))
    cells.append(Cell(count_text(left_out.value if left_out else None)))
    return Row(tuple(cells))
