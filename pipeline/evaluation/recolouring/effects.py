"""What edits do to the scores, and which of it is more than noise."""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.similarity.conditions import conditioned_cosines

FLOOR_QUANTILE: Final = 0.99


def score_drops(
    embeddings_nd: npt.NDArray[np.floating],
    references_kd: npt.NDArray[np.floating],
    masks_kd: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.float64]:
    """Return s(query, reference) - s(edited query, reference), float64 (edit, reference).

    Args:
        embeddings_nd: of the query, then of its edits, unit norm (1 + edit, D).
        references_kd: (reference, D) unit norm, projected where there are masks.
        masks_kd: (reference, D) of each pair's condition; None for a model without conditions.

    Raises:
        BadModel: a projection is NaN or zero.
    """
    embeddings, references = embeddings_nd.astype(np.float64), references_kd.astype(np.float64)
    if masks_kd is None:
        scores_nk = embeddings @ references.T
    else:
        scores_nk = conditioned_cosines(embeddings, references, masks_kd.astype(np.float64))
    drops_ek: npt.NDArray[np.float64] = scores_nk[0] - scores_nk[1:]
    return drops_ek


def colour_floor(same_colour_p: npt.NDArray[np.floating]) -> float:
    """Return the 99th percentile of the same-colour edits' |effects|, NaN without any; (pair,), NaN is left out."""
    known = np.abs(same_colour_p[~np.isnan(same_colour_p)])
    return float(np.quantile(known, FLOOR_QUANTILE)) if known.size else float("nan")
