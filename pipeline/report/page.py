"""The evidence as a page, `evidence.html`: all sections, folded, their pictures inside.

Equal evidence gives equal bytes, so a report can be kept under the digest of what it shows.
"""

from collections.abc import Callable
from typing import Final

from pipeline.report.cards import TERMS
from pipeline.report.environment import page_environment
from pipeline.report.evidence import ReportEvidence, RunFacts
from pipeline.report.file_names import EVIDENCE_SCRIPT
from pipeline.report.number_text import count_text, moment_text
from pipeline.report.overlays import legend_gradient
from pipeline.report.paper_figures import PAPERS
from pipeline.report.section import Section
from pipeline.report.sections.answers import answers_section
from pipeline.report.sections.attributes import attributes_section
from pipeline.report.sections.audit import audit_section
from pipeline.report.sections.both_sides import both_sides_section
from pipeline.report.sections.cost import cost_section
from pipeline.report.sections.discovered import discovered_section
from pipeline.report.sections.methods import methods_section
from pipeline.report.sections.model import model_section
from pipeline.report.sections.pairs import pairs_section
from pipeline.report.sections.provenance import provenance_section
from pipeline.report.sections.recolouring import recolouring_section
from pipeline.report.sections.retrieval import retrieval_section
from pipeline.report.sections.saliency import saliency_section
from pipeline.report.sections.training import training_section
from pipeline.report.sections.weights import weights_section
from pipeline.report.sections.whole_edits import whole_edits_section

# In reading order. Each makes its section of the evidence; one that has nothing to show is left out.
SECTIONS: Final[tuple[Callable[[ReportEvidence], Section], ...]] = (
    answers_section,
    pairs_section,
    model_section,
    retrieval_section,
    methods_section,
    audit_section,
    both_sides_section,
    recolouring_section,
    whole_edits_section,
    saliency_section,
    discovered_section,
    attributes_section,
    weights_section,
    training_section,
    cost_section,
    provenance_section,
)

_STATEMENT = (
    "For pairs of images that the similarity model scores as alike, this report shows where in the query the "
    "score comes from (a saliency map) and which of its attributes accounts for it best. It then measures "
    "how far such explanations can be trusted, beside cheap baselines{papers}."
)
_BESIDE_PAPERS = " and the figures that the papers printed"


def render_evidence(evidence: ReportEvidence) -> bytes:
    """Return the page as UTF-8 HTML; sections without evidence are left out.

    Every name and number is escaped as it is put in, so labels and attributes may hold anything.
    """
    facts = evidence.facts
    papers = _BESIDE_PAPERS if facts.dataset in PAPERS else ""
    page = (
        page_environment()
        .get_template("page.html")
        .render(
            facts=facts,
            statement=_STATEMENT.format(papers=papers),
            header_facts=_header_facts(facts),
            sections=make_sections(evidence),
            term_names=TERMS,
            gradient=legend_gradient(),
            scripts=(EVIDENCE_SCRIPT,),
        )
    )
    return page.encode("utf-8")


def make_sections(evidence: ReportEvidence) -> list[Section]:
    """Return the sections that have something to show, in order."""
    made = (make_section(evidence) for make_section in SECTIONS)
    return [section for section in made if section.has_content]


def _header_facts(facts: RunFacts) -> list[tuple[str, str]]:
    return [
        ("dataset", facts.dataset),
        ("similarity model", facts.similarity_model),
        ("seed", str(facts.seed)),
        ("images", count_text(facts.images)),
        ("test images", count_text(facts.test_images)),
        ("explained test pairs", count_text(facts.test_pairs)),
        ("attributes", count_text(facts.attributes)),
        ("results made", moment_text(facts.made)),
    ]
