"""What each section of the report holds; a section without evidence is left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.audit_tables import audit_comparison_table, audit_table, effect_bars, instrument_facts
from pipeline.report.bars import Bar, prior_bars
from pipeline.report.cards import Card, make_cards
from pipeline.report.evidence import ReportEvidence, TableRow
from pipeline.report.explanation_tables import explanation_table, removal_comparison_table
from pipeline.report.faithfulness_figures import faithfulness_figures
from pipeline.report.faithfulness_table import faithfulness_comparison_table, faithfulness_table
from pipeline.report.figures import Picture
from pipeline.report.gallery import Gallery, make_gallery
from pipeline.report.localisation_table import localisation_table
from pipeline.report.metric_table import MetricTable
from pipeline.report.model_tables import checks_table, compatibility_table, outfit_tiles
from pipeline.report.number_text import number_text
from pipeline.report.paper_figures import PAPER_WEIGHTS, PAPERS, SOURCE
from pipeline.report.runtime_table import map_runtimes, runtime_table
from pipeline.report.stage_table import stage_table
from pipeline.report.table_model import Table
from pipeline.report.training_figures import attribute_training_figure, similarity_training_figure
from pipeline.report.weight_figure import best_point, weight_grid_figure

_EFFECT_LEGEND = (("var(--orange)", "driver: the planted similarity uses it"), ("#b8c0c8", "distractor"))


@dataclass(frozen=True)
class Chart:
    """Bars under a title; `legend` holds (CSS colour, meaning)."""

    title: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """One section, drawn in the order of its fields; `tiles` hold (name, figure, meaning)."""

    anchor: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    tiles: tuple[tuple[str, str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    gallery: Gallery | None = None
    figures: tuple[Picture, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_content(self) -> bool:
        """Whether there is anything but words."""
        return bool(self.cards or self.tiles or self.tables or self.gallery or self.figures or self.charts)


def make_sections(evidence: ReportEvidence) -> list[Section]:
    """Return the sections that have something to show, in order."""
    metrics = MetricTable(evidence.metrics)
    sections = (
        _pairs_section(evidence),
        _model_section(evidence, metrics),
        _audit_section(metrics),
        _saliency_section(evidence, metrics),
        _attributes_section(evidence, metrics),
        _weights_section(evidence),
        _training_section(evidence),
        _cost_section(evidence),
    )
    return [section for section in sections if section.has_content]


def _pairs_section(evidence: ReportEvidence) -> Section:
    cards = make_cards(evidence.pairs)
    paragraphs = [
        "Pairs are drawn by the seed, spread over labels and queries, never by how good they look. Colours "
        "run from each map’s own minimum to its maximum and cannot be compared between pairs."
    ]
    variant = cards[0].variant if cards else None
    if variant is not None:
        weights = _weights_text(variant, evidence.weight_grid)
        paragraphs.append(
            f"The table of each card ranks attributes by {variant}{weights}. Confidence is a share of the query’s "
            "largest, map match the cosine of saliency and activation map, prior a share of the largest. Below it, "
            "what the other variants name first."
        )
    if any(pair.condition for pair in evidence.pairs):
        paragraphs.append(_condition_text(evidence))
    return Section("pairs", "Explained pairs", tuple(paragraphs), tuple(cards))


def _condition_text(evidence: ReportEvidence) -> str:
    meaning = "“Types” on a card are the item types of its two images, the pair’s condition. "
    if all(pair.has_mask is None for pair in evidence.pairs):
        return f"{meaning}This model has one score for all conditions."
    return (
        f"{meaning}The model scores each pair under its condition, by a mask over the embedding, and this score is "
        "what map and attributes explain; a condition without a mask is scored by the general embedding."
    )


def _model_section(evidence: ReportEvidence, metrics: MetricTable) -> Section:
    compatibility, checks = compatibility_table(metrics), checks_table(evidence.model_checks)
    paragraphs = ["Explanations say why this model scores as it does, not that it is right to."]
    if compatibility is not None:
        paragraphs.append(
            "Whether its scores know what goes together is measured on the outfits of the test split, which "
            "people put together, by two tasks; chance is what a model reaches that knows nothing of outfits."
        )
    if checks is not None:
        paragraphs.append(
            "It is the user’s own: nothing of it is looked at but its vectors, and it was checked on a few images "
            "before anything was computed with it."
        )
    return Section(
        "model",
        "The explained model",
        tuple(paragraphs),
        tiles=tuple(outfit_tiles(evidence.outfits, evidence.facts)),
        tables=tuple(table for table in (compatibility, checks) if table is not None),
    )


def _weights_text(variant: str, grid: Sequence[TableRow]) -> str:
    kinds = {"sane+match+count": "count", "sane+match": "none"}
    best = best_point(grid, kinds[variant]) if variant in kinds else None
    if best is None:
        return ""
    names = ("confidence", "map match", "prior")
    columns = ("confidence_weight", "map_match_weight", "prior_weight")
    terms = [f"{number_text(best[column], decimals=2)} × {name}" for column, name in zip(columns, names, strict=True)]
    return f" = {' + '.join(terms)}"


def _audit_section(metrics: MetricTable) -> Section:
    tables = (audit_table(metrics, False), audit_table(metrics, True), audit_comparison_table(metrics))
    bars = effect_bars(metrics)
    title = "Mean |effect| of an attribute on the score, × 100"
    return Section(
        "audit",
        "Audit against true causes",
        (
            "The items are rendered, so the cause of every match can be tested: change one attribute of the "
            "query, render it again, and see how far the score moves. No figure of the papers corresponds to "
            "this. The measure on which claims rest, fixed in advance, is normalised regret.",
        ),
        tiles=tuple(instrument_facts(metrics)),
        tables=tuple(table for table in tables if table is not None),
        charts=(Chart(title, tuple(bars), _EFFECT_LEGEND),) if bars else (),
    )


def _saliency_section(evidence: ReportEvidence, metrics: MetricTable) -> Section:
    generators, dataset = list(evidence.generators), evidence.facts.dataset
    tables = (
        faithfulness_table(metrics, generators, dataset),
        faithfulness_comparison_table(metrics, generators),
        localisation_table(metrics, generators),
        runtime_table(map_runtimes(evidence.stages, generators), dataset),
    )
    figures = tuple(faithfulness_figures(evidence.curves))
    notes = (
        "Curves: means over pairs after the papers’ normalisation, so that the area under each is the "
        "table’s figure; bands are pointwise 95 % by a normal approximation clustered by query.",
    )
    return Section(
        "saliency",
        "Saliency maps",
        _papers_paragraph(evidence),
        tables=tuple(table for table in tables if table is not None),
        gallery=make_gallery(evidence.gallery, generators),
        figures=figures,
        notes=notes if figures else (),
    )


def _attributes_section(evidence: ReportEvidence, metrics: MetricTable) -> Section:
    tables = (explanation_table(metrics, evidence.facts.dataset), removal_comparison_table(metrics))
    return Section(
        "attributes",
        "Attributes",
        _papers_paragraph(evidence),
        tables=tuple(table for table in tables if table is not None),
    )


def _papers_paragraph(evidence: ReportEvidence) -> tuple[str, ...]:
    papers = PAPERS.get(evidence.facts.dataset)
    if papers is None:
        return ()
    return (f"Shaded columns are the papers’ figures, in percent ({SOURCE}). {papers.differences}",)


def _weights_section(evidence: ReportEvidence) -> Section:
    figure = weight_grid_figure(evidence.weight_grid)
    bars = prior_bars(evidence.prior)
    papers = "; ".join(
        f"{name}: {', '.join(f'{weight:g}' for weight in weights)}" for name, weights in PAPER_WEIGHTS.items()
    )
    return Section(
        "weights",
        "Weights and prior",
        (
            "The weights of confidence, map match and prior are chosen on held-out pairs for the largest "
            "mean removal; only their ratios count. The prior is how often each attribute was the best "
            "explanation, counted on the other half of those pairs.",
        ),
        figures=() if figure is None else (figure,),
        charts=(Chart(f"Prior: the {len(bars)} largest of {len(evidence.prior)}", tuple(bars)),) if bars else (),
        notes=(
            f"The papers’ nominal weights ({papers}) are marked for orientation: they do not state the "
            "scales of their terms.",
        ),
    )


def _training_section(evidence: ReportEvidence) -> Section:
    figures = (
        similarity_training_figure(evidence.similarity_history),
        attribute_training_figure(evidence.attribute_histories),
    )
    return Section(
        "training",
        "Training",
        ("Dots mark the epochs whose weights are kept.",),
        figures=tuple(figure for figure in figures if figure is not None),
    )


def _cost_section(evidence: ReportEvidence) -> Section:
    table = stage_table(evidence.stages)
    return Section("cost", "What it cost", tables=() if table is None else (table,))
