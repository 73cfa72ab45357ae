"""How much a query's maps change with the reference: a generator whose maps do not cannot explain a match.

Must not import torch. Cost: ranks of K maps of at most 196 cells, and one (K, cell) x (cell, K) product.
"""

import numpy as np
from scipy.stats import rankdata

from pipeline.area_pooling import pool_to_cells
from pipeline.errors import BadDataset

MOST_CELLS = 14


def map_change_with_reference(maps_khw: np.ndarray) -> float:
    """Return 1 - the mean Spearman correlation between the maps of one query for different references, 0 to 2.

    0: the maps rank the query's regions alike whatever the reference; about 1: they have nothing to do with each other.
    NaN for fewer than two maps. A flat map agrees fully with another flat map and not at all (correlation 0) with one
    that is not flat.

    Args:
        maps_khw: one query's display maps (reference, y, x), any float type; pooled to at most 14 x 14 cells first,
            so that generators of different resolution are compared at one, and interpolation counts for little.

    Raises:
        BadDataset: not three axes, or a value that is not finite.
    """
    if len(maps_khw) < 2:
        return float("nan")
    correlations_kk = map_rank_correlations(maps_khw, maps_khw)
    return float(1 - correlations_kk[np.triu_indices(len(maps_khw), k=1)].mean())


def map_changes(maps_khw: np.ndarray) -> np.ndarray:
    """Return 1 - the mean Spearman correlation of each map of one query with its other maps: float64 (reference,).

    NaN for a single map. Their mean is `map_change_with_reference`; arguments and errors as there.
    """
    others = len(maps_khw) - 1
    if others < 1:
        return np.full(len(maps_khw), np.nan)
    correlations_kk = map_rank_correlations(maps_khw, maps_khw)
    np.fill_diagonal(correlations_kk, 0)
    changes_k: np.ndarray = 1 - correlations_kk.sum(axis=1) / others
    return changes_k


def map_rank_correlations(maps_khw: np.ndarray, others_lhw: np.ndarray) -> np.ndarray:
    """Return the Spearman correlation of each map with each other map over at most 14 x 14 cells: float64 (map, other).

    Ties get their mean rank. A flat map correlates 1 with a flat map and 0 with one that is not.

    Args:
        maps_khw: (map, y, x), any float type.
        others_lhw: (other, y, x).

    Raises:
        BadDataset: not three axes, or a value that is not finite.
    """
    ranks_kc, ranks_lc = _unit_ranks(maps_khw), _unit_ranks(others_lhw)
    flat_k, flat_l = np.abs(ranks_kc).max(axis=1) == 0, np.abs(ranks_lc).max(axis=1) == 0
    correlations: np.ndarray = np.clip(ranks_kc @ ranks_lc.T, -1, 1) + np.outer(flat_k, flat_l)
    return correlations


def _unit_ranks(maps_khw: np.ndarray) -> np.ndarray:
    """Return centred ranks of each map's cells, of length 1: (map, cell); zeros for a flat map."""
    if maps_khw.ndim != 3 or not np.isfinite(maps_khw).all():
        raise BadDataset(
            expected="finite maps (reference, y, x), those of references that are there",
            found=f"shape {maps_khw.shape}, {int((~np.isfinite(maps_khw)).sum())} values not finite",
            where="maps whose ranks are compared",
            remedy="leave out the empty slots of queries that have fewer references than others",
        )
    # Pooling a flat map adds rounding, which ranks would take for structure.
    flat_k = np.ptp(maps_khw, axis=(1, 2)) == 0
    cells_kc = pool_to_cells(maps_khw, min(MOST_CELLS, *maps_khw.shape[1:])).reshape(len(maps_khw), -1)
    # Cells equal but for the rounding of their sums are ties: the zeros and plateaus of rectified, upsampled maps.
    scale_k1 = np.abs(cells_kc).max(axis=1, keepdims=True)
    cells_kc = np.round(np.divide(cells_kc, scale_k1, out=np.zeros_like(cells_kc), where=scale_k1 > 0), 9)
    ranks_kc = rankdata(cells_kc, axis=1)
    ranks_kc -= ranks_kc.mean(axis=1, keepdims=True)
    ranks_kc[flat_k] = 0
    lengths_k1 = np.linalg.norm(ranks_kc, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(ranks_kc, lengths_k1, out=np.zeros_like(ranks_kc), where=lengths_k1 > 0)
    return unit
