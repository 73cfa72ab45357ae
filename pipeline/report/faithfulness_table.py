"""Table 1: do the maps point at the pixels that make the score?"""

from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import MISSING, count_text
from pipeline.report.paper_figures import AWA_FAITHFULNESS
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell, paper_cell

_AREA = NumberFormat(scale=100.0, decimals=1)
_RUN_METRICS = ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")
_GENERATOR_NAMES = {
    "sliding_window": "sliding window",
    "rise": "RISE",
    "lime": "LIME",
    "mask": "Mask",
    "similarity_attention": "similarity attention",
    "grad_cam": "Grad-CAM",
    "random": "random",
    "centre": "centre blob",
}
_PAPERS_NOTE = "The papers print their own normalisation only; generators in grey were not run here."
_NO_COUNTERPART_NOTE = "The papers have no counterpart to this dataset, so none of their figures is shown."


def generator_name(generator: str) -> str:
    """Return how the report spells a generator."""
    return _GENERATOR_NAMES.get(generator, generator)


def faithfulness_table(metrics: MetricTable, generators: list[tuple[str, str]], dataset: str) -> Table | None:
    """Return areas under insertion and deletion curves x 100 by generator; None without any figure.

    On awa2 the papers' figures stand beside them, with rows of their own for generators that were not run.
    """
    run = [key for key in generators if metrics.of_generator("insertion_auc", *key) is not None]
    if not run:
        return None
    with_papers = dataset == "awa2"
    rows = [_run_row(metrics, *key, with_papers=with_papers) for key in run]
    notes = [
        "Insertion: larger is better; deletion: smaller is better. In brackets 95 % intervals, clustered by "
        "query. Papers’ normalisation: each pair’s own curve from its minimum to its maximum; anchored: from "
        "the blank to the full image, so that all generators share the same end points. A method that does "
        "not beat the centre blob has shown nothing.",
    ]
    if with_papers:
        rows += [_paper_row(*key) for key in AWA_FAITHFULNESS if key not in run]
    notes.append(_PAPERS_NOTE if with_papers else _NO_COUNTERPART_NOTE)
    return Table("Table 1. Faithfulness of saliency maps", _columns(with_papers), tuple(rows), tuple(notes))


def _columns(with_papers: bool) -> tuple[Column, ...]:
    papers = "papers’ normalisation, × 100"
    anchored = "anchored, × 100"
    columns = [
        Column("generator", is_text=True),
        Column("insertion", "↑", papers),
        Column("deletion", "↓", papers),
        Column("insertion", "↑", anchored),
        Column("deletion", "↓", anchored),
        Column("pairs"),
        Column("flat curves"),
        Column("not anchored", "gap < 0.02"),
    ]
    if with_papers:
        columns += [Column("insertion", "↑", "papers, AwA"), Column("deletion", "↓", "papers, AwA")]
    return tuple(columns)


def _run_row(metrics: MetricTable, generator: str, mode: str, with_papers: bool) -> Row:
    cells = [Cell(generator_name(generator), mode)]
    figures = [metrics.of_generator(metric, generator, mode) for metric in _RUN_METRICS]
    cells += [estimate_cell(figure, _AREA) for figure in figures]
    first = figures[0]
    cells.append(Cell(count_text(first.n if first else None)))
    for metric in ("flat_curves", "left_out_anchored"):
        count = metrics.of_generator(metric, generator, mode)
        cells.append(Cell(count_text(count.value if count else None)))
    if with_papers:
        paper = AWA_FAITHFULNESS.get((generator, mode))
        cells += [
            paper_cell(paper.insertion if paper else None),
            paper_cell(paper.deletion if paper else None),
        ]
    return Row(tuple(cells))


def _paper_row(generator: str, mode: str) -> Row:
    paper = AWA_FAITHFULNESS[generator, mode]
    blanks = tuple(Cell(MISSING, tone="muted") for _ in range(7))
    name = Cell(generator_name(generator), mode)
    return Row((name, *blanks, paper_cell(paper.insertion), paper_cell(paper.deletion)), "muted")
