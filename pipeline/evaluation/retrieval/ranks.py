"""Ranks of true matches, by products of embeddings a block of queries at a time; must not import torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.randomness import derive_seed

# Scores held at once, 8 bytes each: 64 MB, whatever the size of the gallery.
_SCORES_PER_BLOCK = 8_000_000
# Of the finaliser of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class RetrievalTask:
    """Which images are looked for, among which others, and what counts as a match.

    Attributes:
        embeddings_nd: float (image, D) of unit norm.
        image_ids_n: id of each image; ids break ties, so that no order of files does.
        classes_n: integer (image,); images of one class match.
        queries_q: int64 positions of the queries among the images.
        gallery_g: likewise of what is searched. A query that is in it is no candidate for itself.
        cameras_n: integer (image,): matches of a query by its own camera are no candidates; None: all are.
    """

    embeddings_nd: npt.NDArray[np.floating]
    image_ids_n: Sequence[str]
    classes_n: npt.NDArray[np.integer]
    queries_q: npt.NDArray[np.int64]
    gallery_g: npt.NDArray[np.int64]
    cameras_n: npt.NDArray[np.integer] | None = None

    @cached_property
    def tie_keys_n(self) -> npt.NDArray[np.uint64]:
        """One key an image: ties of a query are ordered by its key and the candidates', mixed."""
        return np.array([derive_seed("retrieval tie", image_id) for image_id in self.image_ids_n], dtype=np.uint64)


@dataclass(frozen=True)
class QueryRanks:
    """What one query found.

    Attributes:
        query: position among the images.
        nearest: position of the candidate with the largest cosine; None without any candidate.
        ranks_r: int64, ascending: the rank of each true match among the candidates, from 1; empty without one.
    """

    query: int
    nearest: int | None
    ranks_r: npt.NDArray[np.int64]


def everything_against_everything(
    embeddings_nd: npt.NDArray[np.floating], image_ids_n: Sequence[str], classes_n: npt.NDArray[np.integer]
) -> RetrievalTask:
    """Return the task in which every image is a query and all others are searched (Oh Song et al., 2016, section 5)."""
    every_n = np.arange(len(image_ids_n))
    return RetrievalTask(embeddings_nd, image_ids_n, classes_n, every_n, every_n)


def rank_matches(task: RetrievalTask) -> Iterator[QueryRanks]:
    """Yield the ranks of every query's matches, in the order of the queries.

    Products are made in float64 and rounded to float32, so that equal images have equal scores. Of equal scores the
    order is drawn, for each query anew and by ids alone: a model that cannot tell images apart is right by chance.
    """
    gallery_gd = np.asarray(task.embeddings_nd[task.gallery_g], dtype=np.float64)
    matches = _MatchesByClass(task)
    block = max(1, _SCORES_PER_BLOCK // max(1, len(task.gallery_g)))
    for start in range(0, len(task.queries_q), block):
        queries = task.queries_q[start : start + block]
        scores_bg = (np.asarray(task.embeddings_nd[queries], dtype=np.float64) @ gallery_gd.T).astype(np.float32)
        for query, scores_g in zip(queries.tolist(), scores_bg, strict=True):
            yield _rank_of_query(task, query, scores_g, matches)


class _MatchesByClass:
    """Places in the gallery by class, and of each image itself."""

    def __init__(self, task: RetrievalTask) -> None:
        self._task = task
        classes_g = task.classes_n[task.gallery_g]
        order = np.argsort(classes_g, kind="stable")
        names, starts = np.unique(classes_g[order], return_index=True)
        self._places = dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
        self._own = {image: place for place, image in enumerate(task.gallery_g.tolist())}

    def of(self, query: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the places of a query's true matches, and of what is of its class or itself and is no candidate."""
        task = self._task
        same = self._places.get(int(task.classes_n[query]), np.empty(0, dtype=np.int64))
        is_left_out = task.gallery_g[same] == query
        if task.cameras_n is not None:
            is_left_out = is_left_out | (task.cameras_n[task.gallery_g[same]] == task.cameras_n[query])
        return same[~is_left_out], same[is_left_out]


def _rank_of_query(
    task: RetrievalTask, query: int, scores_g: npt.NDArray[np.float32], matches: _MatchesByClass
) -> QueryRanks:
    true_r, left_out = matches.of(query)
    scores_g[left_out] = -np.inf
    if len(left_out) == len(scores_g):
        return QueryRanks(query, None, np.empty(0, dtype=np.int64))
    ordered_g = np.sort(scores_g)
    above = len(ordered_g) - np.searchsorted(ordered_g, scores_g[true_r], side="right")
    equal = len(ordered_g) - np.searchsorted(ordered_g, scores_g[true_r], side="left") - above
    ranks_r = above + 1
    for row in np.flatnonzero(equal > 1):
        tied = _tied_in_order(task, query, np.flatnonzero(scores_g == scores_g[true_r[row]]))
        ranks_r[row] = above[row] + 1 + int(np.flatnonzero(tied == true_r[row])[0])
    best = _tied_in_order(task, query, np.flatnonzero(scores_g == ordered_g[-1]))[0]
    return QueryRanks(query, int(task.gallery_g[best]), np.sort(ranks_r))


def _tied_in_order(task: RetrievalTask, query: int, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if len(places) == 1:
        return places
    mixed = task.tie_keys_n[task.gallery_g[places]] ^ task.tie_keys_n[query]
    for mixer, shift in zip(_MIXERS, (30, 27), strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * mixer
    return places[np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")]
