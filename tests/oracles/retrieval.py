"""Retrieval written out image by image: sort all candidates of a query, then count.

Slow and plain. Ties are not looked at: give it scores without any.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """An image: its vector, its class, and the camera that took it."""

    vector: Sequence[float]
    label: str
    camera: int = 0


def ordered(query: Seen, gallery: Sequence[Seen], over_cameras: bool) -> list[bool]:
    """Whether each candidate is a true match, nearest first; the query's own camera shows none of its class."""
    candidates = []
    for other in gallery:
        if other is query:
            continue
        if over_cameras and other.label == query.label and other.camera == query.camera:
            continue
        cosine = sum(a * b for a, b in zip(query.vector, other.vector, strict=True))
        candidates.append((cosine, other.label == query.label))
    return [is_match for _, is_match in sorted(candidates, key=lambda one: -one[0])]


def recall_at(found: Sequence[bool], k: int) -> float:
    return 1.0 if any(found[:k]) else 0.0


def r_precision(found: Sequence[bool]) -> float:
    matches = sum(found)
    return sum(found[:matches]) / matches


def average_precision_at_r(found: Sequence[bool]) -> float:
    matches = sum(found)
    total = 0.0
    for rank in range(1, matches + 1):
        if found[rank - 1]:
            total += sum(found[:rank]) / rank
    return total / matches


def average_precision(found: Sequence[bool]) -> float:
    total = 0.0
    for rank in range(1, len(found) + 1):
        if found[rank - 1]:
            total += sum(found[:rank]) / rank
    return total / sum(found)


def market_average_precision(found: Sequence[bool]) -> float:
    """The area under precision over recall, a trapezium at a time over every rank, as the release's program has it."""
    matches = sum(found)
    area, old_recall, old_precision, hits = 0.0, 0.0, 1.0, 0
    for rank in range(1, len(found) + 1):
        hits += found[rank - 1]
        recall, precision = hits / matches, hits / rank
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
