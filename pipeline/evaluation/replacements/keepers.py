"""Images that keep an attribute and lie as far from the query as those that lack it: the matched effect's other half.

Must not import torch.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.replacements.neighbours import blocks_of
from pipeline.evaluation.replacements.pool import NO_IMAGE, ReplacedPairs, ReplacementPool
from pipeline.evaluation.replacements.scored_blocks import ScoredBlock

# Half of a small second-level cache: each place takes three passes over these.
_ENTRIES_IN_CACHE = 32_768


def matched_keepers(
    pool: ReplacementPool, pairs: ReplacedPairs, block: ScoredBlock, lacking_bak: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Return the image that keeps the attribute for each one that lacks it: (pair, attribute, place) int32.

    -1 where none lacks it, where the query itself lacks it, and where no image is left.

    Args:
        pool: the images.
        pairs: all pairs.
        block: some of them, with the distances of the images from their queries.
        lacking_bak: of the block's pairs, images of the opposite presence, nearest first.
    """
    keepers_bak = np.full(lacking_bak.shape, NO_IMAGE, dtype=np.int32)
    group_n = pool.duplicate_group_n
    query_b, reference_b = pairs.query_p[block.pairs_b], pairs.reference_p[block.pairs_b]
    for attribute in range(lacking_bak.shape[1]):
        concerned = pool.has_na[query_b, attribute] & (lacking_bak[:, attribute, 0] != NO_IMAGE)
        rows, columns = np.flatnonzero(concerned), np.flatnonzero(pool.has_na[block.images_n, attribute])
        if not rows.size or not columns.size:
            continue
        targets_bk = np.where(
            lacking_bak[:, attribute] != NO_IMAGE,
            block.distance_bn[np.arange(len(query_b))[:, None], block.columns_of(lacking_bak[:, attribute])],
            np.nan,
        )
        for part in blocks_of(rows.size, columns.size, _ENTRIES_IN_CACHE):
            some = rows[part]
            distance_rn = block.distance_bn[np.ix_(some, columns)]
            for own in (query_b, reference_b):
                distance_rn[group_n[own[some]][:, None] == group_n[block.images_n[columns]]] = np.inf
            nearest = _closest_unused(distance_rn, targets_bk[some])
            keepers_bak[some, attribute] = np.where(nearest >= 0, block.images_n[columns][nearest], NO_IMAGE)
    return keepers_bak


def _closest_unused(distance_rn: npt.NDArray[np.float64], target_rk: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return, place by place, the column whose value is closest to the target and not taken yet; -1 without any.

    Args:
        distance_rn: (row, column), infinite where a column is excluded; used up.
        target_rk: (row, place), NaN where there is no target.
    """
    row = np.arange(len(distance_rn))
    chosen_rk = np.full(target_rk.shape, -1, dtype=np.int64)
    gap_rn = np.empty_like(distance_rn)
    for place in range(target_rk.shape[1]):
        has_target_r = ~np.isnan(target_rk[:, place])
        target_r = np.where(has_target_r, target_rk[:, place], 0.0)
        np.abs(np.subtract(distance_rn, target_r[:, None], out=gap_rn), out=gap_rn)
        column_r = gap_rn.argmin(axis=1)
        found = has_target_r & np.isfinite(gap_rn[row, column_r])
        chosen_rk[found, place] = column_r[found]
        distance_rn[row[found], column_r[found]] = np.inf
    return chosen_rk
