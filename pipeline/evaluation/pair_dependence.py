"""Whether explanations depend on the reference at all (v1 section 4.2's sanity check, made a measure)."""

import numpy as np


def distinct_answers_per_query(named_p: np.ndarray, query_p: np.ndarray) -> np.ndarray:
    """Return, for each pair, the share of the query's other pairs whose answer differs (0 to 1).

    NaN for a query with a single pair. The mean over pairs is how often the same query with different
    references gets different attributes.

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
