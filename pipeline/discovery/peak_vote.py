"""The vote over where a query's maps peak: references that attend to the same place probably match for one reason.

Maps lie on a grid of cells; a vote is taken on a coarser grid of 7 x 7. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.randomness import keyed_rng

VOTE_CELLS = 7


@dataclass(frozen=True)
class Vote:
    """What the maps of one query agree on.

    Attributes:
        kept_n: int64 (place,) the references that are kept, the most similar first.
        cell: the cell of the vote's grid that won, row by row.
        votes: maps that peak in it.
    """

    kept_n: npt.NDArray[np.int64]
    cell: int
    votes: int


def tie_order(cells: int, seed: int) -> npt.NDArray[np.int64]:
    """Return int64 (cell,) the rank of each cell where maps are tied: a permutation keyed by the seed alone.

    The order of rows would favour the top of the image.
    """
    return keyed_rng(seed, cells, "tied peaks of discovery").permutation(cells**2)


def peak_cells(maps_ku: npt.NDArray[np.floating], tie_rank_u: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return int64 (map,) the cell where each map is largest; of equal ones that of the lowest rank.

    Args:
        maps_ku: (map, cell) row by row of the grid, finite.
        tie_rank_u: see tie_order.
    """
    is_peak_ku = maps_ku == maps_ku.max(axis=1, keepdims=True)
    peaks_k: npt.NDArray[np.int64] = np.where(is_peak_ku, tie_rank_u[None, :], maps_ku.shape[1]).argmin(axis=1)
    return peaks_k


def vote_cells(peak_k: npt.NDArray[np.integer], cells: int) -> npt.NDArray[np.int64]:
    """Return int64 (map,) the cell of the vote's grid, row by row, that holds the centre of each peak's cell.

    Args:
        peak_k: cells of the maps' grid.
        cells: of the maps' grid along a side.
    """
    y_k, x_k = np.divmod(np.asarray(peak_k, dtype=np.int64), cells)
    # Whole numbers: a centre (y + 1/2) / cells lies in row floor of it times 7.
    row_k, column_k = ((2 * index_k + 1) * VOTE_CELLS // (2 * cells) for index_k in (y_k, x_k))
    places_k: npt.NDArray[np.int64] = row_k * VOTE_CELLS + column_k
    return places_k


def vote(cell_k: npt.NDArray[np.integer], similarity_k: npt.NDArray[np.floating], most: int) -> Vote:
    """Return the references whose maps peak in the most common cell, at most so many, the most similar first.

    Of cells with equally many votes the one whose references are more alike to the query on the whole wins (their
    summed similarity), then the earlier one. References of equal similarity keep their order.

    Args:
        cell_k: (reference,) see vote_cells; at least one.
        similarity_k: (reference,) scores against the query.
        most: N.

    Source: v1 C and ECCV 4, step 3, which say nothing of ties.
    """
    votes_c = np.bincount(cell_k, minlength=VOTE_CELLS**2)
    sums_c = np.array([np.sort(similarity_k[cell_k == cell]).sum() for cell in range(VOTE_CELLS**2)])
    tied = np.flatnonzero(votes_c == votes_c.max())
    winner = int(tied[np.argmax(sums_c[tied])])
    voters = np.flatnonzero(cell_k == winner)
    order = np.argsort(-similarity_k[voters], kind="stable")
    return Vote(voters[order][:most], winner, int(votes_c[winner]))
