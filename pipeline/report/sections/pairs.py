"""The section that shows pairs: a card each, and what its parts mean."""

from collections.abc import Sequence

from pipeline.report.cards import make_cards
from pipeline.report.evidence import ReportEvidence, TableRow, best_weights
from pipeline.report.number_text import number_text
from pipeline.report.section import Section


def pairs_section(evidence: ReportEvidence) -> Section:
    """Return the cards of the chosen pairs."""
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


def _weights_text(variant: str, grid: Sequence[TableRow]) -> str:
    kinds = {"sane+match+count": "count", "sane+match": "none"}
    best = best_weights(grid, kinds[variant]) if variant in kinds else None
    if best is None:
        return ""
    names = ("confidence", "map match", "prior")
    columns = ("confidence_weight", "map_match_weight", "prior_weight")
    terms = [f"{number_text(best[column], decimals=2)} × {name}" for column, name in zip(columns, names, strict=True)]
    return f" = {' + '.join(terms)}"
