"""Table 1: do the maps point at the pixels that make the score? And do they better than a blob at the centre?"""

from pipeline.report.comparisons import difference_cell
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.generator_names import generator_name
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import MISSING, count_text
from pipeline.report.paper_figures import PAPERS, PaperFaithfulness, PaperFigures
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell, paper_cell

_AREA = NumberFormat(scale=100.0, decimals=1)
_CHANGE = NumberFormat(scale=1.0, decimals=2)
_RUN_METRICS = ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")
# Metric, heading, whether larger is better (else smaller is), normalisation.
_DIFFERENCES = (
    ("insertion_difference", "insertion", 1, "papers’"),
    ("deletion_difference", "deletion", -1, "papers’"),
    ("insertion_difference_anchored", "insertion", 1, "anchored"),
    ("deletion_difference_anchored", "deletion", -1, "anchored"),
)
_ARROWS = {1: "↑", -1: "↓"}
_PAPERS_NOTE = "The papers print their own normalisation only; generators in grey were not run here."
_NO_COUNTERPART_NOTE = "The papers have no counterpart to this dataset, so none of their figures is shown."

GeneratorMode = tuple[str, str]


def faithfulness_table(metrics: MetricTable, generators: list[GeneratorMode], dataset: str) -> Table | None:
    """Return areas under insertion and deletion curves x 100 by generator and mode; None without any figure.

    On datasets of the papers' their figures stand beside them, with rows of their own for generators that were not
    run.
    """
    run = [key for key in generators if metrics.of_generator("insertion_auc", *key) is not None]
    if not run:
        return None
    papers = PAPERS.get(dataset)
    rows = [_run_row(metrics, *key, papers=papers) for key in run]
    notes = [
        "Insertion: larger is better; deletion: smaller is better. In brackets 95 % intervals, clustered by what "
        "pairs share: class, outfit or query. Papers’ normalisation: each pair’s own curve from its minimum to its"
        " maximum; anchored: from the blank to the full image, so that all generators share the same end points. A"
        " method that does not beat the centre blob has shown nothing. Generators with fewer pairs than others "
        "were given fewer by the settings: compare them in the next table, on the pairs that both have.",
        "Change with the reference: 1 − the mean rank correlation of a query’s maps for different references. At 0 the "
        "reference plays no part, so the map cannot say why these two match; unrelated maps have 1.",
    ]
    if papers is not None:
        rows += [_paper_row(key, paper) for key, paper in papers.faithfulness.items() if key not in run]
    notes += few_clusters_note(metrics.all_in("saliency_faithfulness"))
    notes.append(_PAPERS_NOTE if papers is not None else _NO_COUNTERPART_NOTE)
    return Table("Table 1. Faithfulness of saliency maps", _columns(papers), tuple(rows), tuple(notes))


def faithfulness_comparison_table(metrics: MetricTable, generators: list[GeneratorMode]) -> Table | None:
    """Return each generator and mode minus the centre blob and minus the supervising maps x 100; None without any."""
    baselines = metrics.baselines("saliency_faithfulness_comparison")
    compared = [
        (key, baseline)
        for baseline in baselines
        for key in generators
        if metrics.of_compared_maps(_DIFFERENCES[0][0], *key, baseline) is not None
    ]
    if not compared:
        return None
    columns = [Column("generator", is_text=True), Column("compared with", is_text=True)]
    columns += [Column(heading, _ARROWS[sign], f"{group}, × 100") for _, heading, sign, group in _DIFFERENCES]
    rows = []
    for (generator, mode), baseline in compared:
        found = [metrics.of_compared_maps(metric, generator, mode, baseline) for metric, *_ in _DIFFERENCES]
        pairs = found[0].n if found[0] else None
        cells = [
            difference_cell(estimate, _AREA, sign, pairs)
            for estimate, (_, _, sign, _) in zip(found, _DIFFERENCES, strict=True)
        ]
        name = Cell(generator_name(generator), mode)
        rows.append(Row((name, Cell(generator_name(baseline)), *cells, count_cell(found[0]))))
    notes = (
        "Differences of the figures of Table 1 on the pairs that both have, resampled together by class, outfit or"
        " query. Green: better, red: worse, at p < 0.05 after Holm’s correction over the whole table; grey: no "
        "difference was shown.",
        *few_clusters_note(metrics.all_in("saliency_faithfulness_comparison")),
    )
    title = "Table 1, compared: who beats a blob in the middle, and who the maps that supervise attributes?"
    return Table(title, (*columns, Column("pairs")), tuple(rows), notes)


def _columns(papers: PaperFigures | None) -> tuple[Column, ...]:
    normalised = "papers’ normalisation, × 100"
    anchored = "anchored, × 100"
    columns = [
        Column("generator", is_text=True),
        Column("insertion", "↑", normalised),
        Column("deletion", "↓", normalised),
        Column("insertion", "↑", anchored),
        Column("deletion", "↓", anchored),
        Column("change with", "the reference"),
        Column("pairs"),
        Column("flat curves"),
        Column("not anchored", "gap < 0.02"),
    ]
    if papers is not None:
        group = f"papers, {papers.column}"
        columns += [Column("insertion", "↑", group), Column("deletion", "↓", group)]
    return tuple(columns)


def _run_row(metrics: MetricTable, generator: str, mode: str, papers: PaperFigures | None) -> Row:
    figures = [metrics.of_generator(metric, generator, mode) for metric in _RUN_METRICS]
    cells = [Cell(generator_name(generator), mode), *(estimate_cell(figure, _AREA) for figure in figures)]
    cells.append(estimate_cell(metrics.of_generator("map_change_with_reference", generator, mode), _CHANGE))
    cells.append(count_cell(figures[0]))
    for metric in ("flat_curves", "left_out_anchored"):
        count = metrics.of_generator(metric, generator, mode)
        cells.append(Cell(count_text(count.value if count else None)))
    if papers is not None:
        paper = papers.faithfulness.get((generator, mode))
        cells += [paper_cell(paper.insertion if paper else None), paper_cell(paper.deletion if paper else None)]
    return Row(tuple(cells))


def _paper_row(key: GeneratorMode, paper: PaperFaithfulness) -> Row:
    blanks = tuple(Cell(MISSING, tone="muted") for _ in range(8))
    name = Cell(generator_name(key[0]), key[1])
    return Row((name, *blanks, paper_cell(paper.insertion), paper_cell(paper.deletion)), "muted")
