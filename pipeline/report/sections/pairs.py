"""The section that shows pairs: a card each, and what its parts mean."""

from collections.abc import Sequence
from typing import Final

from pipeline.datasets.fitting import CROP, PAD, STRETCH
from pipeline.report.cards import make_cards
from pipeline.report.evidence import FittingFacts, ReportEvidence, best_weights
from pipeline.report.number_text import PERCENT, count_text, number_text, significant_text
from pipeline.report.section import Section
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import TOLD_LABELS, ordered, people_name

_EFFECT_WITH_PRESENCE: Final = "embedding_effect+presence"
_EFFECT_TEXT = (
    f"The table of each card ranks attributes by {people_name(_EFFECT_WITH_PRESENCE)}. Its score is a product of two "
    "estimates: how far the similarity would drop if the query lost the attribute, and how probable it is that the "
    "query has it. Both are read off the model’s embeddings, by directions and probes fitted on training images."
)
_ANSWER_TEXT = (
    "Below its pictures each card has the answer: the attribute that explains the match best, and how far the "
    "similarity is expected to fall without it, with the interval of that; or that no attribute explains it. How sure "
    "the answer is says the page of the pair."
)
_LABELS_TEXT = "It is not told the query’s labels: the marks beside the attributes are added for the reader."
_TERMS_TEXT = (
    "Confidence is a share of the query’s largest, map match the cosine of saliency and activation map, prior a share "
    "of the largest."
)
_UNUSED_TERMS_TEXT = (
    "The bars show the three terms of the papers’ score for the same attributes, which this score does not use. "
    f"{_TERMS_TEXT}"
)

# By fit: what becomes of photographs, and of how many it takes much.
_FITTED: Final = {
    CROP: (
        "photographs are cropped to their centre; the rest, which it never sees, is faded and hatched below",
        "{} lose more than a tenth of their area.",
    ),
    PAD: (
        "photographs are put whole on a canvas; its borders, and what maps say of them, are left out below",
        "{} have borders on more than a tenth of their square.",
    ),
    STRETCH: ("photographs are squeezed; below they have their own shape", "{} are squeezed by more than a tenth."),
}


def pairs_section(evidence: ReportEvidence) -> Section:
    """Return the cards of the chosen pairs."""
    cards = make_cards(evidence.pairs)
    paragraphs = [
        "Pairs are drawn by the seed, spread over labels and queries, never by how good they look. Colours "
        "run from each map’s own minimum to its maximum and cannot be compared between pairs."
    ]
    if any(card.answer is not None for card in cards):
        paragraphs.append(_ANSWER_TEXT)
    if evidence.fitting is not None:
        paragraphs += _fitting_paragraphs(evidence.fitting)
    if cards and cards[0].variant is not None:
        paragraphs += _variant_paragraphs(evidence, cards[0].variant)
    if any(pair.condition for pair in evidence.pairs):
        paragraphs.append(_condition_text(evidence))
    return Section("pairs", "Explained pairs", tuple(paragraphs), tuple(cards))


def _fitting_paragraphs(fitting: FittingFacts) -> list[str]:
    """Return how photographs became squares, of how many it took much, and how many of those shown are not there."""
    how, changed = _FITTED[fitting.fit]
    share = significant_text(PERCENT * fitting.changed / fitting.images) if fitting.images else "0"
    counted = f"{count_text(fitting.changed)} of {count_text(fitting.images)} test images ({share} %)"
    paragraphs = [f"The model sees squares: {how} (dataset.fit = “{fitting.fit}”). {changed.format(counted)}"]
    if fitting.unread:
        paragraphs.append(
            f"{count_text(fitting.unread)} of the {count_text(fitting.shown)} photographs shown here could not be read "
            "as they were when the run decoded them: the square that the model sees is shown in their place."
        )
    return paragraphs


def _variant_paragraphs(evidence: ReportEvidence, variant: str) -> list[str]:
    """Return what ranks the attributes of the cards, and what stands beside and below."""
    others = {row["variant"] for pair in evidence.pairs for row in pair.explanations} - {variant}
    told = [name for name in ordered(others) if name in TOLD_LABELS]
    below = "Below the table, what the other methods name first."
    if told:
        below += (
            f" Some of them are told the query’s labels and choose among these: {', '.join(map(people_name, told))}."
        )
    if variant == _EFFECT_WITH_PRESENCE:
        return [f"{_EFFECT_TEXT} {_LABELS_TEXT}", f"{_UNUSED_TERMS_TEXT} {below}"]
    weights = _weights_text(variant, evidence.weight_grid)
    return [f"The table of each card ranks attributes by {people_name(variant)}{weights}. {_TERMS_TEXT} {below}"]


def _condition_text(evidence: ReportEvidence) -> str:
    meaning = "“Types” on a card are the item types of its two images, the pair’s condition. "
    if all(pair.has_mask is None for pair in evidence.pairs):
        return f"{meaning}This model has one score for all conditions."
    return (
        f"{meaning}The model scores each pair under its condition, by a mask over the embedding, and this score is "
        "what map and attributes explain; a condition without a mask is scored by the general embedding."
    )


def _weights_text(variant: str, grid: Sequence[TableRow]) -> str:
    kinds = {
        "sane+match+count": ("count", "sane"),
        "sane+match": ("none", "sane"),
        "fashion_search_net+match": ("none", "fashion_search_net"),
    }
    best = best_weights(grid, *kinds[variant]) if variant in kinds else None
    if best is None:
        return ""
    names = ("confidence", "map match", "prior")
    columns = ("confidence_weight", "map_match_weight", "prior_weight")
    terms = [f"{number_text(best[column], decimals=2)} × {name}" for column, name in zip(columns, names, strict=True)]
    return f" = {' + '.join(terms)}"
