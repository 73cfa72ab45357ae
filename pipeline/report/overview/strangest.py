"""The strangest matches: scored as alike, and yet no attribute says why, or the ways of asking say different things."""

from dataclasses import dataclass

import numpy as np

from pipeline.report.number_text import PERCENT, number_text
from pipeline.report.pair_table import PairTable
from pipeline.report.thumbnails import image_thumbnail_path

STRANGEST = 10


@dataclass(frozen=True)
class StrangePair:
    """One of them.

    Attributes:
        pair_id: of the pair.
        query: image id.
        reference: image id.
        title: labels of both.
        query_picture: path of its thumbnail.
        reference_picture: likewise.
        reason: what is strange, a sentence.
    """

    pair_id: str
    query: str
    reference: str
    title: str
    query_picture: str
    reference_picture: str
    reason: str


def strangest_pairs(pairs: PairTable, count: int = STRANGEST) -> list[StrangePair]:
    """Return the strangest of the pairs whose similarity is at least the median, the strangest first.

    Pairs that no attribute explains come before the others; among these, and within both, those on which the ways of
    ranking attributes disagree most, then the most similar ones.
    """
    known = pairs.similarity_p[~np.isnan(pairs.similarity_p)]
    if len(known) == 0:
        return []
    alike = np.flatnonzero(pairs.similarity_p >= np.median(known))
    disagreement_p = np.nan_to_num(pairs.disagreement_p, nan=-1.0)

    def strangeness(row: int) -> tuple[bool, float, float, str]:
        has_answer = pairs.attributes[row] is not None
        return has_answer, -disagreement_p[row], -pairs.similarity_p[row], pairs.pair_ids[row]

    return [_strange(pairs, row) for row in sorted(alike.tolist(), key=strangeness)[:count]]


def _strange(pairs: PairTable, row: int) -> StrangePair:
    query, reference = pairs.queries[row], pairs.references[row]
    labels = dict.fromkeys((pairs.query_labels[row], pairs.reference_labels[row]))
    return StrangePair(
        pairs.pair_ids[row],
        query,
        reference,
        " and ".join(labels),
        image_thumbnail_path(query),
        image_thumbnail_path(reference),
        _reason(pairs, row),
    )


def _reason(pairs: PairTable, row: int) -> str:
    similarity = number_text(float(pairs.similarity_p[row]), decimals=3)
    disagreement = float(pairs.disagreement_p[row])
    attribute = pairs.attributes[row]
    named = "no attribute explains it" if attribute is None else f"the answer is {attribute}"
    if np.isnan(disagreement):
        return f"Similarity {similarity}; {named}."
    share = number_text(disagreement, PERCENT, 0)
    return f"Similarity {similarity}; {named}; {share} % of the methods do not name what is named most often."
