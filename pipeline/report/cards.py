"""Which pairs are shown, and what the card of each says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.randomness import derive_seed
from pipeline.report.answer_text import AnswerText, answer_text, set_text
from pipeline.report.both_sides import BothSides, both_sides
from pipeline.report.evidence import PairEvidence
from pipeline.report.map_words import map_words
from pipeline.report.number_text import number_text
from pipeline.report.overlays import image_uri, overlay_uri
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import TOLD_LABELS, card_variant, named_first, people_name

CARDS = 24
SHOWN_RANKS = 5
TERMS = ("confidence", "map_match", "prior")


@dataclass(frozen=True)
class TermBar:
    """One term of an attribute's score: its number, and its length from 0 to 1 (None where undefined)."""

    text: str
    share: float | None


@dataclass(frozen=True)
class RankedAttribute:
    """One line of a card; `is_true` says whether the query is labelled with it, None where unknown."""

    rank: int
    attribute: str
    score: str
    is_true: bool | None
    terms: tuple[TermBar, ...]


@dataclass(frozen=True)
class OtherAnswer:
    """An attribute that variants not shown in full put first, and which do."""

    attribute: str
    is_true: bool | None
    variants: str


@dataclass(frozen=True)
class Card:
    """What the page draws for one pair.

    Attributes:
        number: of the card, from 1.
        evidence: what is known of the pair.
        similarity: the model's score, as text.
        query_picture: data URI.
        reference_picture: data URI.
        overlay: data URI; None where there is no map.
        map_words: where the map is bright, such as "brightest at the top"; empty where there is no map.
        answer_overlay: data URI, where the attribute that answers is; None where there is no such map.
        answer: what explains the match, said first; None where answers were not made.
        answer_set: how few attributes account for most of it, a sentence; empty where that is not known.
        both_sides: which part of the query goes with which of the reference; None where that is not known.
        variant: what ranks the attributes; None where there are no explanations.
        caption: what people call that variant, its machine's name, and whether it is told the labels.
        ranked: its first attributes.
        others: what the variants beside it name first.
    """

    number: int
    evidence: PairEvidence
    similarity: str
    query_picture: str
    reference_picture: str
    overlay: str | None
    map_words: str
    answer_overlay: str | None
    answer: AnswerText | None
    answer_set: str
    both_sides: BothSides | None
    variant: str | None
    caption: str
    ranked: tuple[RankedAttribute, ...]
    others: tuple[OtherAnswer, ...]


def choose_pairs(pairs: Sequence[TableRow], labels: Mapping[str, str], seed: int, count: int = CARDS) -> list[TableRow]:
    """Return up to `count` pairs, spread over labels and queries, in an order keyed by seed and ids alone.

    Labels take turns, each giving its next query; a query gives a second pair only when every query has
    given its first. Which pairs come depends on neither the order of `pairs` nor on anything measured, so the
    cards are no selection of good ones.

    Args:
        pairs: rows with `pair_id` and `query`.
        labels: label of each query.
        seed: of the run.
        count: how many at most.
    """
    by_query: dict[str, list[TableRow]] = {}
    for pair in sorted(pairs, key=lambda row: derive_seed(seed, row["pair_id"], "report pair")):
        by_query.setdefault(pair["query"], []).append(pair)
    queries = sorted(by_query, key=lambda query: derive_seed(seed, query, "report query"))
    turn_of: dict[str, int] = {}
    entries = []
    for query in queries:
        turn = turn_of.setdefault(labels[query], 0)
        turn_of[labels[query]] += 1
        label_key = derive_seed(seed, labels[query], "report label")
        entries += [((again, turn, label_key), pair) for again, pair in enumerate(by_query[query])]
    entries.sort(key=lambda entry: entry[0])
    return [pair for _, pair in entries[:count]]


def make_cards(evidence: Sequence[PairEvidence]) -> list[Card]:
    """Return the cards in the order given; all show the same variant in full: the one that answers, if one does."""
    answering = next((pair.answer["variant"] for pair in evidence if pair.answer is not None), None)
    variant = answering or card_variant(row["variant"] for pair in evidence for row in pair.explanations)
    return [_card(number, pair, variant) for number, pair in enumerate(evidence, start=1)]


def _card(number: int, pair: PairEvidence, variant: str | None) -> Card:
    chosen = sorted((row for row in pair.explanations if row["variant"] == variant), key=lambda row: int(row["rank"]))
    return Card(
        number,
        pair,
        number_text(pair.similarity, decimals=3),
        image_uri(pair.query_image),
        image_uri(pair.reference_image),
        None if pair.map_hw is None else overlay_uri(pair.query_image, pair.map_hw),
        map_words(pair.map_hw),
        None if pair.answer_map_hw is None else overlay_uri(pair.query_image, pair.answer_map_hw),
        None if pair.answer is None else answer_text(pair.answer),
        "" if pair.answer is None else set_text(pair.answer, pair.answer_set),
        both_sides(pair.query_image, pair.reference_image, pair.parts),
        variant,
        _caption(variant),
        # Without a score it is no candidate: the query is not labelled with it.
        tuple(_ranked(row) for row in chosen[:SHOWN_RANKS] if row.get("score") is not None),
        tuple(_other_answers(pair, variant)),
    )


def _caption(variant: str | None) -> str:
    if variant is None:
        return ""
    people = people_name(variant)
    words = people if people == variant else f"{people} ({variant})"
    return words if variant in TOLD_LABELS else f"{words}; not told the query’s labels"


def _ranked(row: TableRow) -> RankedAttribute:
    terms = tuple(_term(row.get(name)) for name in TERMS)
    score = number_text(row.get("score"), decimals=3)
    return RankedAttribute(int(row["rank"]), row["attribute"], score, row.get("is_ground_truth"), terms)


def _term(value: float | None) -> TermBar:
    share = None if value is None else min(max(float(value), 0.0), 1.0)
    return TermBar(number_text(value, decimals=2), share)


def _other_answers(pair: PairEvidence, variant: str | None) -> list[OtherAnswer]:
    firsts = {row["variant"]: row for row in pair.explanations if row["rank"] == 1}
    by_attribute = named_first({name: row["attribute"] for name, row in firsts.items()}, variant)
    return [
        OtherAnswer(attribute, firsts[names[0]].get("is_ground_truth"), "; ".join(map(people_name, names)))
        for attribute, names in by_attribute.items()
    ]
