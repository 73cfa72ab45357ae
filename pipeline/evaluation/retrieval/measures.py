"""Figures of one query from the ranks of its true matches; all are shares, 0 to 1, and NaN where there is no match."""

import numpy as np
import numpy.typing as npt


def recall_at(ranks_r: npt.NDArray[np.int64], k: int) -> float:
    """Return 1 where a true match is among the k nearest, else 0 (Jegou et al., 2011; Oh Song et al., 2016).

    At k = 1 it is precision at 1; over cameras it is called rank-k, or the cumulative matching characteristic.
    """
    return float(ranks_r[0] <= k) if len(ranks_r) else float("nan")


def r_precision(ranks_r: npt.NDArray[np.int64]) -> float:
    """Return the share of true matches among the R nearest, R being how many there are.

    Source: Musgrave, Belongie and Lim, A Metric Learning Reality Check (2020), section 3.2.
    """
    return float((ranks_r <= len(ranks_r)).mean()) if len(ranks_r) else float("nan")


def average_precision_at_r(ranks_r: npt.NDArray[np.int64]) -> float:
    """Return the mean over the first R ranks of the precision at those that hold a true match, 0 at the others.

    Its mean over queries is MAP@R (Musgrave et al., 2020, section 3.2).
    """
    if not len(ranks_r):
        return float("nan")
    precision_r = _precision_at_matches(ranks_r)
    return float(np.where(ranks_r <= len(ranks_r), precision_r, 0.0).mean())


def average_precision(ranks_r: npt.NDArray[np.int64]) -> float:
    """Return the mean of the precision at each true match: the area under the curve as steps."""
    return float(_precision_at_matches(ranks_r).mean()) if len(ranks_r) else float("nan")


def market_average_precision(ranks_r: npt.NDArray[np.int64]) -> float:
    """Return average precision as the evaluation that came with Market-1501 computes it (Zheng et al., 2015).

    The curve of precision over recall is taken as straight between matches: each adds 1/R times the mean of the
    precision at it and at the rank before it, which at the first rank counts as 1.
    """
    if not len(ranks_r):
        return float("nan")
    before_r = ranks_r - 1
    found_r = np.arange(len(ranks_r))
    earlier_r = np.ones(len(ranks_r))
    np.divide(found_r, before_r, out=earlier_r, where=before_r > 0)
    return float(((earlier_r + _precision_at_matches(ranks_r)) / 2).mean())


def _precision_at_matches(ranks_r: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    precision_r: npt.NDArray[np.float64] = np.arange(1, len(ranks_r) + 1) / ranks_r
    return precision_r
