"""The part of a score that every pair of cells makes, one of the query and one of the reference.

Imports no torch. Of 4 x 4 cells and 64 dimensions it costs 16,384 products a pair.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.similarity.conditions import check_norms

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairwiseContributions:
    """A score, in parts.

    Attributes:
        contributions_uv: float64 (query cell, reference cell), cells row by row; no unit, they sum to the score.
        query_map_u: float64 (query cell,), the sum over the reference's cells; sums to the score.
        reference_map_v: float64 (reference cell,), the sum over the query's cells; sums to the score.
        score: cosine of the two embeddings, -1 to 1, under the condition.
    """

    contributions_uv: Floats
    query_map_u: Floats
    reference_map_v: Floats
    score: float


def pairwise_contributions(
    query_cells_ud: npt.NDArray[np.floating],
    reference_cells_vd: npt.NDArray[np.floating],
    condition_mask_d: npt.NDArray[np.floating] | None = None,
) -> PairwiseContributions:
    """Return P(u, v) = e_u . e_v / (|sum_u e_u| |sum_v e_v|), whose sum over all pairs of cells is the score.

    Args:
        query_cells_ud: (cell, D), what each cell gives to the query's raw embedding, such as cell_embeddings(...) of
            one image with its cells row by row: cells_yxd.reshape(-1, D).
        reference_cells_vd: (cell, D), of the reference, by the same network; the number of cells may differ.
        condition_mask_d: (D,), the mask of the pair's condition, which projects every cell; None without conditions.

    Raises:
        BadModel: nothing is left of an embedding under the mask.

    Source: Stylianou et al., 2019; Zhu et al., 2021.
    Departure: the constant that the head adds is spread over the cells in equal parts, as the cells come with it, so
    that the parts sum to the score and not to the score less what the constant makes.
    """
    query_cells = np.asarray(query_cells_ud, dtype=np.float64)
    reference_cells = np.asarray(reference_cells_vd, dtype=np.float64)
    if condition_mask_d is not None:
        query_cells, reference_cells = query_cells * condition_mask_d, reference_cells * condition_mask_d
    query_norm, reference_norm = (np.linalg.norm(cells.sum(axis=0)) for cells in (query_cells, reference_cells))
    check_norms(np.array([query_norm, reference_norm]))
    contributions_uv = query_cells @ reference_cells.T / (query_norm * reference_norm)
    return PairwiseContributions(
        contributions_uv,
        contributions_uv.sum(axis=1),
        contributions_uv.sum(axis=0),
        float(contributions_uv.sum()),
    )
