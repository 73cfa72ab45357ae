"""The images nearest to each query in attribute space whose presence of an attribute is opposite to the query's.

Must not import torch. Cost: for each block of queries one matrix product with the pool, then for each attribute a
partition of the distances to the images on the other side; memory is that of a block and of the neighbours found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.replacements.attribute_space import AttributeSpace
from pipeline.evaluation.replacements.pool import NO_IMAGE, ReplacedPairs, ReplacementPool

# Distances held at once: 32 MB, and a few copies of the part that concerns one attribute.
_ENTRIES_PER_BLOCK = 4_000_000


def opposite_neighbours(
    pool: ReplacementPool, pairs: ReplacedPairs, space: AttributeSpace, n_neighbours: int
) -> npt.NDArray[np.int32]:
    """Return rows of the nearest images of the opposite presence, nearest first: (pair, attribute, place) int32.

    Opposite: that lack the attribute where the query has it (deletion), that have it where the query lacks it
    (insertion). Near without the attribute's own coordinates; ties go to the earlier image. The query, the reference
    and their duplicates are excluded, and images of other types. -1 where there are not as many.

    Args:
        pool: the images.
        pairs: the pairs.
        space: of the pool's images.
        n_neighbours: K, places.
    """
    queries_q, query_of_pair = np.unique(pairs.query_p, return_inverse=True)
    nearest_qal = _nearest_opposites(pool, queries_q, space, n_neighbours + _most_images_of_a_reference(pool, pairs))
    chosen_pak = np.full((pairs.query_p.size, pool.has_na.shape[1], n_neighbours), NO_IMAGE, dtype=np.int32)
    group_n = pool.duplicate_group_n
    for rows in blocks_of(len(chosen_pak), nearest_qal.shape[1] * nearest_qal.shape[2]):
        listed_pal = nearest_qal[query_of_pair[rows]]
        listed_pal[group_n[listed_pal] == group_n[pairs.reference_p[rows]][:, None, None]] = NO_IMAGE
        # What is excluded or missing goes to the end, the others stay in the order of nearness.
        order = np.argsort(listed_pal == NO_IMAGE, axis=2, kind="stable")[:, :, :n_neighbours]
        chosen_pak[rows] = np.take_along_axis(listed_pal, order, axis=2)
    return chosen_pak


def blocks_of(n_rows: int, n_columns: int, entries: int | None = None) -> Iterator[slice]:
    """Give slices of rows that hold at most so many entries each (unset: four million), or one row."""
    height = max(1, (entries or _ENTRIES_PER_BLOCK) // max(1, n_columns))
    for start in range(0, n_rows, height):
        yield slice(start, start + height)


def _most_images_of_a_reference(pool: ReplacementPool, pairs: ReplacedPairs) -> int:
    """Return how many neighbours a reference and its duplicates may take away at most."""
    group_of_n, size_of_group = np.unique(pool.duplicate_group_n, return_inverse=True, return_counts=True)[1:]
    return int(size_of_group[group_of_n[pairs.reference_p]].max(initial=0))


@dataclass(frozen=True)
class _Distances:
    """Squared distances by all attributes of some queries to the images of their type; infinite to duplicates."""

    query_rows: npt.NDArray[np.integer]
    image_rows: npt.NDArray[np.integer]
    squared_qn: npt.NDArray[np.float64]


def _nearest_opposites(
    pool: ReplacementPool, queries_q: npt.NDArray[np.integer], space: AttributeSpace, n_wanted: int
) -> npt.NDArray[np.int32]:
    """Return the nearest opposites of each query, references included: (query, attribute, place) int32."""
    n_attributes = pool.has_na.shape[1]
    nearest_qal = np.full((queries_q.size, n_attributes, n_wanted), NO_IMAGE, dtype=np.int32)
    for item_type in np.unique(pool.type_n[queries_q]):
        images = np.flatnonzero(pool.type_n == item_type)
        places = np.flatnonzero(pool.type_n[queries_q] == item_type)
        for block in blocks_of(places.size, images.size):
            rows = queries_q[places[block]]
            squared_qn = space.squared_distances(rows, images)
            squared_qn[pool.duplicate_group_n[rows][:, None] == pool.duplicate_group_n[images]] = np.inf
            distances = _Distances(rows, images, squared_qn)
            for attribute in range(n_attributes):
                found = _opposites_in_block(pool.has_na[:, attribute], distances, space, attribute, n_wanted)
                nearest_qal[places[block], attribute] = found
    return nearest_qal


def _opposites_in_block(
    has_n: npt.NDArray[np.bool_], distances: _Distances, space: AttributeSpace, attribute: int, n_wanted: int
) -> npt.NDArray[np.int32]:
    """Return the nearest opposites of these queries for one attribute: (query, place) int32."""
    queries, images = distances.query_rows, distances.image_rows
    nearest = np.full((queries.size, n_wanted), NO_IMAGE, dtype=np.int32)
    for has in (True, False):
        side, others = np.flatnonzero(has_n[queries] == has), np.flatnonzero(has_n[images] != has)
        if side.size and others.size:
            without = distances.squared_qn[np.ix_(side, others)]
            without -= space.squared_parts(queries[side], images[others], attribute)
            found = smallest_first(without, n_wanted)
            nearest[side] = np.where(found >= 0, images[others][found], NO_IMAGE)
    return nearest


def smallest_first(values_rn: npt.NDArray[np.float64], n_wanted: int) -> npt.NDArray[np.int64]:
    """Return the columns of each row's smallest values, in their order: (row, place) int64.

    Ties go to the earlier column; infinite values are passed over; -1 where a row has no more.
    """
    n_rows, n_columns = values_rn.shape
    found = np.full((n_rows, n_wanted), -1, dtype=np.int64)
    last = min(n_wanted, n_columns) - 1
    if last < 0:
        return found
    threshold_r = np.partition(values_rn, last, axis=1)[:, last]
    row, column = np.nonzero(values_rn <= np.minimum(threshold_r, np.finfo(np.float64).max)[:, None])
    order = np.lexsort((column, values_rn[row, column], row))
    row, column = row[order], column[order]
    first_of_row = np.searchsorted(row, np.arange(n_rows))
    place = np.arange(row.size) - first_of_row[row]
    kept = place < n_wanted
    found[row[kept], place[kept]] = column[kept]
    return found
