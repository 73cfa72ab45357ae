"""The count prior: how often each attribute was the best explanation on held-out pairs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting


def count_prior(
    drops_pa: npt.NDArray[np.floating[Any]], present_pa: npt.NDArray[np.bool_], smoothing: float = 1.0
) -> npt.NDArray[np.float64]:
    """Return the prior (attributes,), float64, positive where `smoothing` is, summing to 1.

    `drops_pa` holds s(q, r) - s(q', r) for replacing attribute a in the query of pair p (positive: the score
    falls), NaN where undefined; `present_pa` whether the query has it. Each pair casts one vote for the
    present attribute with the largest drop; a pair without a defined present attribute casts none.
    `smoothing` is added to every attribute's votes.

    Raises:
        BadSetting: shapes disagree, smoothing is negative, or there is neither a vote nor smoothing.

    Source: v1 section 3.3.
    Departure: attributes with exactly equal drops share the vote. Attributes that one replacement image lacks
    together have equal drops, and giving them to the first would make the prior follow vocabulary order.
    """
    if drops_pa.shape != present_pa.shape or drops_pa.ndim != 2 or not smoothing >= 0:
        raise BadSetting(
            expected="drops and presence of one shape (pairs, attributes) and smoothing of at least 0",
            found=f"{drops_pa.shape}, {present_pa.shape}, smoothing = {smoothing}",
            where="count prior",
            remedy="index the queries' labels by pair, and use the default smoothing of 1",
        )
    candidate_pa = present_pa & ~np.isnan(drops_pa)
    candidate_drops_pa = np.where(candidate_pa, drops_pa, -np.inf)
    best_pa = candidate_pa & (candidate_drops_pa == candidate_drops_pa.max(axis=1, keepdims=True, initial=-np.inf))
    tied_p1 = np.maximum(best_pa.sum(axis=1, keepdims=True), 1)
    votes_a = (best_pa / tied_p1).sum(axis=0) + smoothing
    if votes_a.sum() == 0:
        raise BadSetting(
            expected="at least one held-out pair with a defined drop, or smoothing above 0",
            found=f"no vote in {len(drops_pa)} pairs and no smoothing",
            where="count prior",
            remedy="use more held-out pairs or the default smoothing of 1",
        )
    return np.asarray(votes_a / votes_a.sum(), dtype=np.float64)
