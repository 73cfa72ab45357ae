"""The section on saliency maps: their faithfulness, the true regions they find, their cost and their looks."""

from pipeline.report.evidence import ReportEvidence
from pipeline.report.faithfulness_figures import faithfulness_figures
from pipeline.report.faithfulness_table import faithfulness_comparison_table, faithfulness_table
from pipeline.report.gallery import make_gallery
from pipeline.report.generator_names import maps_name
from pipeline.report.localisation_tables import localisation_table, part_localisation_table
from pipeline.report.map_protocols_table import map_parts_table, map_protocols_table
from pipeline.report.metric_table import MetricTable
from pipeline.report.number_text import count_text
from pipeline.report.paper_figures import papers_paragraph
from pipeline.report.runtime_table import map_runtimes, runtime_table
from pipeline.report.section import Section
from pipeline.saliency.fill import BLUR, MEAN, Fill

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
        part_localisation_table(metrics, generators),
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
