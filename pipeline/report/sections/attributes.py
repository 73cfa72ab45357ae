"""Table 2: does the named attribute account for the match? And who beats the classifier?"""

from pipeline.report.comparisons import comparison_table
from pipeline.report.evidence import ReportEvidence
from pipeline.report.few_clusters import count_cell, few_clusters_note
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import MISSING, count_text
from pipeline.report.paper_figures import PAPERS, PaperExplanation, PaperFigures, papers_paragraph
from pipeline.report.section import Section
from pipeline.report.sections.answers import choice_table
from pipeline.report.sections.attribute_effects import EFFECT, effects_table, matched_comparison_table
from pipeline.report.table_model import Cell, Column, NumberFormat, Row, Table, estimate_cell, paper_cell
from pipeline.report.variant_names import ordered, variant_cell

_SHARE = NumberFormat(scale=100.0, decimals=1)
_TABLE = "attribute_explanation"


def attributes_section(evidence: ReportEvidence) -> Section:
    """Return who answers, Table 2 and the other effects, and each variant's beside the classifier's."""
    metrics, dataset = MetricTable(evidence.metrics), evidence.facts.dataset
    tables = (
        choice_table(evidence.answer_choice) if evidence.answer_choice else None,
        explanation_table(metrics, dataset),
        removal_comparison_table(metrics),
        effects_table(metrics),
        matched_comparison_table(metrics),
    )
    return Section(
        "attributes",
        "Attributes",
        papers_paragraph(dataset),
        tables=tuple(table for table in tables if table is not None),
    )


def explanation_table(metrics: MetricTable, dataset: str) -> Table | None:
    """Return mAP, top-1 accuracy and removal x 100 by variant; None without any figure.

    On datasets of the papers' their figures stand beside them, with rows of their own for variants that were not run.
    """
    run = ordered(metrics.variants(_TABLE, "top1_accuracy"))
    if not run:
        return None
    papers = PAPERS.get(dataset)
    rows = [_run_row(metrics, variant, papers) for variant in run]
    if papers is not None:
        rows += [_paper_row(variant, paper) for variant, paper in papers.explanation.items() if variant not in run]
    title = "Table 2. Attributes as explanations"
    return Table(title, _columns(papers), tuple(rows), _notes(metrics, papers is not None))


def removal_comparison_table(metrics: MetricTable) -> Table | None:
    """Return each variant's removal minus the classifier's, wins, ties and losses alike; None without any."""
    estimates = metrics.all_of("attribute_explanation_comparison", "removal_difference")
    order = ordered(estimate.variant or "" for estimate in estimates)
    estimates.sort(key=lambda estimate: order.index(estimate.variant or ""))
    return comparison_table("Removal compared with the classifier’s", "difference × 100, ↑", estimates, 1, EFFECT)


def _columns(papers: PaperFigures | None) -> tuple[Column, ...]:
    columns = [
        Column("method", is_text=True),
        Column("mAP", "%, ↑"),
        Column("top-1", "%, ↑"),
        Column("removal", "× 100, ↑"),
        Column("pairs"),
        Column("undefined"),
        Column("changes with", "the reference, %"),
        Column("differs from", "the classifier, %"),
    ]
    if papers is not None:
        columns += [Column(name, group=f"papers, {papers.column}") for name in ("mAP", "top-1", "removal")]
    return tuple(columns)


def _run_row(metrics: MetricTable, variant: str, papers: PaperFigures | None) -> Row:
    top1 = metrics.of_variant(_TABLE, "top1_accuracy", variant)
    undefined = metrics.of_variant(_TABLE, "removal_undefined", variant)
    cells = [
        variant_cell(variant),
        estimate_cell(metrics.of_variant("attribute_recognition", "map", variant), _SHARE),
        estimate_cell(top1, _SHARE),
        estimate_cell(metrics.of_variant(_TABLE, "removal", variant), EFFECT),
        count_cell(top1),
        Cell(count_text(undefined.value if undefined else None)),
        estimate_cell(metrics.of_variant(_TABLE, "distinct_per_query", variant), _SHARE),
        estimate_cell(metrics.of_variant(_TABLE, "differs_from_classifier", variant), _SHARE),
    ]
    return Row((*cells, *(_paper_cells(papers.explanation.get(variant)) if papers else ())))


def _paper_cells(paper: PaperExplanation | None) -> tuple[Cell, ...]:
    if paper is None:
        return (paper_cell(None), paper_cell(None), paper_cell(None))
    return (paper_cell(paper.mean_average_precision), paper_cell(paper.top1), paper_cell(paper.removal))


def _paper_row(variant: str, paper: PaperExplanation) -> Row:
    blanks = tuple(Cell(MISSING, tone="muted") for _ in range(7))
    return Row((variant_cell(variant, "not run here"), *blanks, *_paper_cells(paper)), "muted")


def _notes(metrics: MetricTable, with_papers: bool) -> tuple[str, ...]:
    notes = [
        "mAP: attribute recognition of the model behind the row, over test images. Top-1: the named "
        "attribute is among the query’s; where labels belong to classes a constant can reach 100 %. Removal: "
        "how far the score drops when the query is replaced by the most similar test image that lacks the named "
        "attribute (0 where the query lacks it already). In brackets 95 % intervals, clustered by "
        "what pairs share: class, outfit or query.",
    ]
    notes += few_clusters_note(metrics.all_in(_TABLE))
    constant = metrics.single(_TABLE, "constant_attributes")
    if constant is not None and constant.value:
        notes.append(
            f"{count_text(constant.value)} of {count_text(constant.n)} attributes are the same in every test "
            "image; their removal is undefined."
        )
    if not with_papers:
        notes.append("The papers have no counterpart to this dataset, so none of their figures is shown.")
    return tuple(notes)
