"""The attribute that scores name among the candidates of a pair. Must not import torch."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

NOTHING_NAMED: Final = -1


def drop_of_named(
    named_p: npt.NDArray[np.integer[Any]],
    drops_pa: npt.NDArray[np.floating[Any]],
    present_pa: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Return (pair,) the drop of what was named; 0 where the query lacks it or nothing was named, NaN where undefined.

    `drops_pa` and `present_pa` are (pair, attribute): what naming each attribute earns, and the queries' labels.
    """
    rows_p = np.arange(len(named_p))
    present_p = present_pa[rows_p, named_p] & (named_p != NOTHING_NAMED)
    return np.where(present_p, drops_pa[rows_p, named_p], 0.0)


def named_among(
    scores_pa: npt.NDArray[np.floating[Any]], candidates_pa: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return (pair,) int64: the top-scored attribute of the candidates (ties: the first), -1 where there is none.

    NaN scores are passed over; both are (pair, attribute).
    """
    usable_pa = candidates_pa & ~np.isnan(scores_pa)
    if usable_pa.shape[1] == 0:
        return np.full(len(usable_pa), NOTHING_NAMED, dtype=np.int64)
    # A candidate scored -inf must not tie with the others, which stand at -inf here.
    scored_pa = np.where(usable_pa, np.maximum(scores_pa, np.finfo(np.float64).min), -np.inf)
    return np.where(usable_pa.any(axis=1), scored_pa.argmax(axis=1), NOTHING_NAMED).astype(np.int64)
