"""The strangest matches: scored as alike, and yet no attribute says why, or the ways of asking say different things."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.report.how_sure import CONTRADICTED, NOTHING, SURE
from pipeline.report.number_text import PERCENT, count_text, number_text
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
        facts: its similarity and its answer, and that of the reverse pair where it differs.
    """

    pair_id: str
    query: str
    reference: str
    title: str
    query_picture: str
    reference_picture: str
    reason: str
    facts: str


def strangest_pairs(pairs: PairTable, count: int = STRANGEST) -> list[StrangePair]:
    """Return the strangest of the pairs whose similarity is at least the median, the strangest first.

    Pairs that no attribute explains come before the others; among these, and within both, those on which the ways of
    ranking attributes disagree most, then the most similar ones. A pair on which these agree is not strange if it has
    an answer, nor is one whose answer is sure. Each query comes once, and of a pair and its reverse the stranger one.
    """
    known = pairs.similarity_p[~np.isnan(pairs.similarity_p)]
    if len(known) == 0:
        return []
    alike = np.flatnonzero(pairs.similarity_p >= np.median(known))
    disagreement_p = np.nan_to_num(pairs.disagreement_p, nan=0.0)
    disputed = [row for row in alike.tolist() if pairs.attributes[row] is None or disagreement_p[row] > 0]
    # Where there is no answer, or nothing is known that could be one, nothing was asked.
    levels = [NOTHING if one is None else one.level for one in pairs.sure]
    strange = [row for row in disputed if levels[row] not in (SURE, NOTHING)]

    def strangeness(row: int) -> tuple[bool, float, float, str]:
        has_answer = pairs.attributes[row] is not None
        return has_answer, -disagreement_p[row], -pairs.similarity_p[row], pairs.pair_ids[row]

    reverse_of = _reverses(pairs)
    shown = list(_each_once(pairs, sorted(strange, key=strangeness)))[:count]
    return [_strange(pairs, row, reverse_of.get(row), known) for row in shown]


def methods_text(methods: Sequence[str]) -> str:
    """Return in brackets how many methods are compared and which are not; nothing where that is not known."""
    if not methods:
        return ""
    left_out = "without random ones, controls and those that name one attribute for every pair"
    return f" ({count_text(len(methods))} are compared, {left_out})"


def _each_once(pairs: PairTable, rows: Iterable[int]) -> Iterator[int]:
    """Yield the rows whose query has not been yielded, nor their pair the other way round."""
    queries: set[str] = set()
    yielded: set[frozenset[str]] = set()
    for row in rows:
        images = frozenset((pairs.queries[row], pairs.references[row]))
        if pairs.queries[row] not in queries and images not in yielded:
            queries.add(pairs.queries[row])
            yielded.add(images)
            yield row


def _reverses(pairs: PairTable) -> dict[int, int]:
    """Return the row of the reverse of each pair that has one."""
    row_of = {images: row for row, images in enumerate(zip(pairs.queries, pairs.references, strict=True))}
    reversed_images = zip(pairs.references, pairs.queries, strict=True)
    return {row: row_of[images] for row, images in enumerate(reversed_images) if images in row_of}


def _strange(pairs: PairTable, row: int, reverse: int | None, known: np.ndarray) -> StrangePair:
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
        _facts(pairs, row, reverse, known),
    )


def _reason(pairs: PairTable, row: int) -> str:
    """Return why the pair is here: nothing explains it, the methods contradict each other, or both."""
    disputed = _disputed_text(pairs, row)
    if pairs.attributes[row] is not None:
        return f"{disputed[0].upper()}{disputed[1:]}."
    return f"No attribute explains it{'; ' + disputed if disputed else ''}."


def _disputed_text(pairs: PairTable, row: int) -> str:
    share = float(pairs.disagreement_p[row])
    if np.isnan(share) or share == 0:
        return ""
    if pairs.naming_p is None:
        return f"{number_text(share, PERCENT, 0)} % of the methods name another attribute than most do"
    naming = int(pairs.naming_p[row])
    others = round(share * naming)
    verb = "names" if others == 1 else "name"
    return (
        f"{count_text(others)} of {count_text(naming)} methods {verb} another attribute than the one named most often"
    )


def _facts(pairs: PairTable, row: int, reverse: int | None, known: np.ndarray) -> str:
    similarity = float(pairs.similarity_p[row])
    below = np.count_nonzero(known < similarity) / len(known)
    attribute, sure = pairs.attributes[row], pairs.sure[row]
    beside = f"higher than in {number_text(below, PERCENT, 0)} % of the pairs"
    text = f"Similarity {number_text(similarity, decimals=3)}, {beside}."
    if attribute is not None:
        text += f" The answer is {attribute}"
        is_contradicted = sure is not None and sure.level == CONTRADICTED
        text += ", but the test contradicts it." if is_contradicted else f", {sure.level}." if sure is not None else "."
    if reverse is not None and pairs.attributes[reverse] != attribute:
        other = pairs.attributes[reverse]
        said = "no attribute explains it" if other is None else f"the answer is {other}"
        text += f" With query and reference exchanged {said}."
    return text
