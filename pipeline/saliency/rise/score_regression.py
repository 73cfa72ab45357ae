"""RISE maps from few masks: the map is estimated by regression on the masks instead of by averaging them.

A RISE map estimates Cov(M(x), s) / E M(x), the covariance of a pixel's mask value with the score over the distribution
of masks. The weighted mean of a few hundred masks is a noisy estimate of it, because in each mask all other cells vary
as well. Here the score is regressed on the masks, s = b + sum_j c_j z_j + rest, where z_j are the masks' principal
components; these are known exactly, since the distribution of masks is, and so is the map that the fitted score has
under it: sum_j lambda_j c_j q_j(x) / E M(x). What a pixel's neighbours do is thereby taken out instead of averaged out.
"""

from dataclasses import dataclass

import numpy as np
import torch

from pipeline.saliency.rise.masks import MaskDraws, mask_values_by_cell, render_masks

# Components below this share of the largest variance carry next to nothing of any map.
SMALLEST_VARIANCE_SHARE = 1e-4
RIDGE_SHARES = 10.0 ** np.arange(-4, 1.01, 0.25)
BATCH_MASKS = 200


@dataclass(frozen=True)
class ScoreRegression:
    """What is prepared once for a set of masks, whatever the query.

    Attributes:
        is_antithetic: the second half of the masks are the complements of the first; the regression is then on half
            differences of scores, from which all even interactions of cells have gone.
        left_nr: (row, component) left singular vectors of the regressors; a row is a mask, or a pair of masks.
        singular_r: singular values.
        maps_rp: (component, pixel) map that a unit of each component's coefficient means.
        size_px: side of the maps.
    """

    is_antithetic: bool
    left_nr: np.ndarray
    singular_r: np.ndarray
    maps_rp: np.ndarray
    size_px: int


def prepare_regression(draws: MaskDraws, keep_probability: float, is_antithetic: bool) -> ScoreRegression:
    """Return the regression for these masks; seconds for hundreds of masks, shared by all queries."""
    size = draws.image_size_px
    axes_yj, variances_j = _components(draws)
    components = _pairs_of_components(variances_j)
    z_nj = _coordinates(draws, axes_yj, keep_probability)[:, components[:, 0], components[:, 1]]
    if is_antithetic:
        half = len(draws) // 2
        regressors = (z_nj[:half] - z_nj[half:]) / 2
    else:
        regressors = z_nj - z_nj.mean(axis=0)
    left_nr, singular_r, right_rj = np.linalg.svd(regressors, full_matrices=False)
    variance_j = variances_j[components[:, 0]] * variances_j[components[:, 1]]
    most = 1 + components.max()
    weights_rjk = np.zeros((len(singular_r), most, most))
    weights_rjk[:, components[:, 0], components[:, 1]] = right_rj * ((1 - keep_probability) * variance_j)
    maps_ryx = axes_yj[:, :most] @ weights_rjk @ axes_yj[:, :most].T
    return ScoreRegression(is_antithetic, left_nr, singular_r, maps_ryx.reshape(len(singular_r), -1), size)


def regress_maps(scores_nk: np.ndarray, regression: ScoreRegression) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 maps (reference, y, x), and the ridge penalty of each as a share of the largest variance.

    The penalty is the one of RIDGE_SHARES with the least generalised cross-validation error, for each reference.

    Args:
        scores_nk: (mask, reference) score of each masked query against each reference.
        regression: of the same masks.
    """
    projected_rk, kept_lr, error_lk = _fits(scores_nk, regression)
    chosen_k = error_lk.argmin(axis=0)
    coefficients_rk = kept_lr[chosen_k].T / regression.singular_r[:, None] * projected_rk
    return _maps(coefficients_rk, regression).astype(np.float32), RIDGE_SHARES[chosen_k]


def regress_together(values_nd: np.ndarray, regression: ScoreRegression) -> np.ndarray:
    """Return float64 maps (dimension, y, x) of the dimensions of one vector, such as an embedding, under each mask.

    One penalty serves all dimensions, the one with the least generalised cross-validation error of their sum, so that
    maps of any combination of the dimensions are that combination of these maps.

    Args:
        values_nd: (mask, dimension).
        regression: of the same masks.
    """
    projected_rd, kept_lr, error_ld = _fits(values_nd, regression)
    kept_r = kept_lr[error_ld.sum(axis=1).argmin()]
    return _maps((kept_r / regression.singular_r)[:, None] * projected_rd, regression)


def _fits(values_nk: np.ndarray, regression: ScoreRegression) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values on the regressors, what each penalty keeps of them, and the error of each by column."""
    rows_nk = values_nk.astype(np.float64)
    if regression.is_antithetic:
        half = len(rows_nk) // 2
        rows_nk = (rows_nk[:half] - rows_nk[half:]) / 2
    else:
        rows_nk = rows_nk - rows_nk.mean(axis=0)
    projected_rk = regression.left_nr.T @ rows_nk
    variance_r = regression.singular_r**2
    kept_lr = variance_r / (variance_r + RIDGE_SHARES[:, None] * variance_r[0])
    outside_k = np.maximum((rows_nk**2).sum(axis=0) - (projected_rk**2).sum(axis=0), 0)
    squared_lk = outside_k + (1 - kept_lr) ** 2 @ projected_rk**2
    free_l = 1 - (kept_lr.sum(axis=1) + (not regression.is_antithetic)) / len(rows_nk)
    return projected_rk, kept_lr, squared_lk / np.maximum(free_l, 1e-3)[:, None] ** 2


def _maps(coefficients_rk: np.ndarray, regression: ScoreRegression) -> np.ndarray:
    side = regression.size_px
    return (coefficients_rk.T @ regression.maps_rp).reshape(-1, side, side)  # type: ignore[no-any-return]


def _components(draws: MaskDraws) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvectors (pixel, component) and eigenvalues of the masks' covariance along one axis.

    A mask is rows(shift y) @ grid @ rows(shift x) transposed with independent cells: its covariance is p (1 - p)
    times the product of the two axes' mean of rows @ rows transposed over the shifts: exact, no mask is drawn.
    """
    values_spc = mask_values_by_cell(draws).numpy().astype(np.float64)
    covariance_yy = np.einsum("syc,szc->yz", values_spc, values_spc) / len(values_spc)
    variances, axes = np.linalg.eigh(covariance_yy)
    return axes[:, ::-1], np.maximum(variances[::-1], 0)


def _pairs_of_components(variances_j: np.ndarray) -> np.ndarray:
    """Return (component, 2) indices along y and x, those that matter."""
    product = np.outer(variances_j, variances_j)
    down, across = np.nonzero(product >= SMALLEST_VARIANCE_SHARE * product.max())
    return np.stack([down, across], axis=1)


def _coordinates(draws: MaskDraws, axes_yj: np.ndarray, keep_probability: float) -> np.ndarray:
    """Return float64 (mask, component y, component x): each mask, less its mean, along the products of axes."""
    axes = torch.tensor(axes_yj.copy())
    found = []
    for start in range(0, len(draws), BATCH_MASKS):
        masks_nyx = render_masks(draws, start, min(start + BATCH_MASKS, len(draws))).double() - keep_probability
        found.append((axes.T @ masks_nyx @ axes).numpy())
    return np.concatenate(found)
