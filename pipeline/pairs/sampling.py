"""Which pairs are explained: matching references for each query, chosen so that additions do not reshuffle."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Pair:
    """One ordered pair.

    Attributes:
        pair_id: 16 hexadecimal digits of sha256(split|query|reference|), the id of a pair without a condition.
        query: image id.
        reference: image id.
    """

    pair_id: str
    query: str
    reference: str


def sample_pairs(
    split: str,
    image_ids: Sequence[str],
    matches: Callable[[int], np.ndarray],
    references: int,
    most_pairs: int | None,
    seed: int,
) -> list[Pair]:
    """Return matching pairs, sorted by query and then by hash.

    A query's references are the K matching images with the smallest sha256(seed, query, reference), so an added
    image changes the references of few queries. Where `most_pairs` limits the result, queries are taken in
    the order of sha256(seed, query); only the last of them may have fewer references.

    Args:
        split: enters the pair's id.
        image_ids: of the split's images.
        matches: for the position of a query, bool (image) that says which images match it.
        references: K.
        most_pairs: limit, or None for all queries.
        seed: of the choice.
    """
    order = sorted(range(len(image_ids)), key=lambda position: choice_hash(seed, image_ids[position]))
    chosen: list[Pair] = []
    for position in order:
        if most_pairs is not None and len(chosen) >= most_pairs:
            break
        query = image_ids[position]
        candidates = [image_ids[other] for other in np.flatnonzero(matches(position)).tolist() if other != position]
        best = heapq.nsmallest(references, candidates, key=lambda reference: choice_hash(seed, query, reference))
        room = len(best) if most_pairs is None else min(len(best), most_pairs - len(chosen))
        chosen += [Pair(pair_id(split, query, reference), query, reference) for reference in best[:room]]
    return sorted(chosen, key=lambda pair: (pair.query, choice_hash(seed, pair.query, pair.reference)))


def count_references(
    image_ids: Sequence[str],
    matches: Callable[[int], np.ndarray],
    references: int,
    most_pairs: int | None,
    seed: int,
) -> dict[str, int]:
    """Return how many references `sample_pairs` gives each query, without choosing them; arguments as there."""
    order = sorted(range(len(image_ids)), key=lambda position: choice_hash(seed, image_ids[position]))
    counts: dict[str, int] = {}
    room = most_pairs
    for position in order:
        if room is not None and room <= 0:
            break
        matching = matches(position)
        count = min(references, int(matching.sum()) - int(matching[position]))
        if room is not None:
            count = min(count, room)
            room -= count
        if count:
            counts[image_ids[position]] = count
    return counts


def pair_id(split: str, query: str, reference: str, condition: str = "") -> str:
    """Return the pair's id: 16 hexadecimal digits that depend on all four parts."""
    return sha256(f"{split}|{query}|{reference}|{condition}".encode()).hexdigest()[:16]


def choice_hash(seed: int, *ids: str) -> bytes:
    """Return what orders ids at random: the same for equal seed and ids, whatever else there is."""
    return sha256("|".join([str(seed), *ids]).encode()).digest()


def matching_images(rows: Sequence[Mapping[str, Any]], threshold: float) -> Callable[[int], np.ndarray]:
    """Return what gives, for the position of a query among these rows of `images`, bool (image): matches it."""
    if rows and rows[0]["similarity_target"] is not None:
        targets = np.array([row["similarity_target"] for row in rows], dtype=np.float64)
        targets /= np.linalg.norm(targets, axis=1, keepdims=True)
        return lambda position: targets @ targets[position] >= threshold
    labels = np.unique(np.array([row["label"] for row in rows], dtype=str), return_inverse=True)[1]
    return lambda position: labels == labels[position]
