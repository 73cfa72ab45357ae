"""What a cell of the query and a cell of the reference do to the score together, and the maps that follow from it.

I(u, v) = E_u(query) . E_v(reference). With independent masks of both images it is the covariance of the cosine, which
is bilinear in unit embeddings, with both masks, in units of the score. Both images are masked by the same set, so that
an image is passed once whatever its role; of the sum over all pairs of masks the N pairs of a mask with itself are
1 / N.

A positive value says that the two cells raise the score together. It does not say that they show the same thing, and
masks hide, they do not edit.

Source: this project's own; second-order attribution of a similarity as in Eberle et al. 2020 (BiLRP), from black-box
passes.
"""

import numpy as np
import numpy.typing as npt

Effects = npt.NDArray[np.floating]


def interaction(query_ud: Effects, reference_vd: Effects) -> npt.NDArray[np.float64]:
    """Return float64 (query cell, reference cell) joint effects on the score; see CellEffects for the arguments."""
    joint_uv: npt.NDArray[np.float64] = query_ud.astype(np.float64) @ reference_vd.astype(np.float64).T
    return joint_uv


def one_sided_map(effects_ud: Effects, other_d: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 (cell,): RISE's map of one image on its cells, the other image as it is.

    Args:
        effects_ud: of the image's cells.
        other_d: unit-norm embedding of the other image, under the pair's condition where there is one.
    """
    map_u: npt.NDArray[np.float64] = effects_ud.astype(np.float64) @ other_d.astype(np.float64)
    return map_u


def joint_maps(joint_uv: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what each cell of the query, and each of the reference, adds to the score with all cells of the other.

    float64 (query cell,) and (reference cell,), at least 0: sums of the positive joint effects. Cells that lower the
    score together with some others lose nothing by it; on rendered items this finds causes better than the plain sum.
    """
    positive_uv = np.maximum(joint_uv, 0)
    return positive_uv.sum(axis=1), positive_uv.sum(axis=0)


def row_map(joint_uv: npt.NDArray[np.float64], region_u: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 (reference cell,): the joint effects of a region of the query with each cell of the reference.

    Args:
        joint_uv: of the pair.
        region_u: weights of the query's cells, such as the share of each cell that the region covers.
    """
    found_v: npt.NDArray[np.float64] = region_u @ joint_uv
    return found_v


def counterpart_map(joint_uv: npt.NDArray[np.float64], region_u: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 (reference cell,): what goes with a region of the query, beyond what goes with the whole query.

    The joint effects of the region's cells with each cell of the reference, less what would be expected if every part
    of the query went with every part of the reference in the same proportions (row sum x column sum / sum, of the
    positive joint effects). Without the subtraction the most salient part of the reference answers for every region.

    Args:
        joint_uv: of the pair.
        region_u: weights of the query's cells, at least 0, such as the share of each cell that the region covers.
    """
    positive_uv = np.maximum(joint_uv, 0)
    total = positive_uv.sum()
    if total == 0:
        return np.zeros(joint_uv.shape[1])
    expected_v = (region_u @ positive_uv.sum(axis=1)) * positive_uv.sum(axis=0) / total
    found_v: npt.NDArray[np.float64] = region_u @ positive_uv - expected_v
    return found_v
