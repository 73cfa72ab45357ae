"""What matches, instead of where one map peaks: the components of a match as vectors that can be grouped.

A component is a region of the query and a region of the reference that raise the score together (method section 12).
What the two regions add to their images' embeddings, taken together, is what the match is about; both images have it.
Beyond the papers. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.saliency.correspondence.components import match_components
from pipeline.saliency.correspondence.interaction import interaction

# Vectors shorter than this have no direction.
_SMALLEST_NORM = 1e-12


@dataclass(frozen=True)
class MatchedRegions:
    """The components of one match.

    Attributes:
        vectors_kd: float64 (component, D) unit norm: the sum of what each region adds, each made unit norm first, so
            that a large region of one image does not speak for both.
        share_k: float64 (component,) of the positive joint effects.
        query_cell_k: int64 (component,) cell where the query's region is strongest.
        reference_cell_k: int64 (component,) likewise.
    """

    vectors_kd: npt.NDArray[np.float64]
    share_k: npt.NDArray[np.float64]
    query_cell_k: npt.NDArray[np.int64]
    reference_cell_k: npt.NDArray[np.int64]


def matched_regions(
    query_ud: npt.NDArray[np.floating], reference_vd: npt.NDArray[np.floating], most: int, smallest_share: float
) -> MatchedRegions:
    """Return the components of a match that carry at least a share of it, by non-negative factors.

    Args:
        query_ud: (cell, D) effects of the query's cells, see CellEffects.
        reference_vd: of the reference's.
        most: components at most.
        smallest_share: of the positive joint effects.
    """
    found = match_components(interaction(query_ud, reference_vd), most, "factors")
    sides = (
        found.query_ku @ query_ud.astype(np.float64),
        found.reference_kv @ reference_vd.astype(np.float64),
    )
    norms = [np.linalg.norm(side_kd, axis=1, keepdims=True) for side_kd in sides]
    summed_kd = sum(
        (side_kd / np.maximum(norm_k1, _SMALLEST_NORM) for side_kd, norm_k1 in zip(sides, norms, strict=True)),
        np.zeros_like(sides[0]),
    )
    length_k = np.linalg.norm(summed_kd, axis=1)
    is_kept_k = (found.share_k >= smallest_share) & (length_k > _SMALLEST_NORM)
    return MatchedRegions(
        summed_kd[is_kept_k] / length_k[is_kept_k, None],
        found.share_k[is_kept_k],
        found.query_ku[is_kept_k].argmax(axis=1).astype(np.int64),
        found.reference_kv[is_kept_k].argmax(axis=1).astype(np.int64),
    )
