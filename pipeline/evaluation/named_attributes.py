"""The attribute that an explanation names for a pair: is it the query's, and does it depend on the reference?

Must not import torch.
"""

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset


def top1_accuracy(named_p: npt.NDArray[np.integer], present_pa: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return per pair 1 where the named attribute is among the query's attributes, else 0.

    Args:
        named_p: (pair,) index of the attribute that an explanation names.
        present_pa: (pair, attribute) bool, the attributes of each pair's query.

    Raises:
        BadDataset: a name is no attribute, or the lengths differ.

    Source: v1 4.2 (top-1 accuracy of Table 2). With class-level labels a constant answer can reach 1.0:
    print the best constant and the prior alone beside it.
    """
    n_pairs, n_attributes = present_pa.shape
    if named_p.shape != (n_pairs,) or (n_pairs and not (0 <= named_p.min() <= named_p.max() < n_attributes)):
        raise BadDataset(
            expected=f"{n_pairs} attribute indices in 0..{n_attributes - 1}, one per pair",
            found=f"indices of shape {named_p.shape}",
            where="the attributes named by an explanation",
            remedy="name one attribute of the vocabulary for every pair",
        )
    hits_p: npt.NDArray[np.float64] = present_pa[np.arange(n_pairs), named_p].astype(np.float64)
    return hits_p


def distinct_answers_per_query(named_p: np.ndarray, query_p: np.ndarray) -> np.ndarray:
    """Return, for each pair, the share of the query's other pairs whose answer differs (0 to 1).

    NaN for a query with a single pair. The mean over pairs is how often the same query with different
    references gets different attributes.

    Source: v1 section 4.2, whose sanity check this makes a measure.

    Args:
        named_p: int64 attribute named for each pair.
        query_p: int64 query of each pair.
    """
    shares_p = np.full(len(named_p), np.nan)
    for query in np.unique(query_p):
        rows = np.flatnonzero(query_p == query)
        if len(rows) > 1:
            answers = named_p[rows]
            same = (answers[:, None] == answers[None, :]).sum(axis=1) - 1
            shares_p[rows] = 1 - same / (len(rows) - 1)
    return shares_p
