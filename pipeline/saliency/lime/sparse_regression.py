"""Weighted linear regressions on one design: the Lasso with its penalty chosen along the path, and ridge.

The Lasso's path is scikit-learn's coordinate descent, on the weighted second moments that all targets share; a path
of 100 penalties takes it milliseconds whatever the number of samples.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

Doubles = npt.NDArray[np.float64]

# The path: 100 penalties evenly spaced in their logarithm, from the smallest that leaves nothing down to this share
# of it, and at its end none, which is least squares.
PATH_LENGTH = 100
SMALLEST_SHARE = 1e-4
FOLDS = 5
# Descent ends once the duality gap is below this share of the target's variance. Of more columns than samples it may
# go on for ever without getting there, and what is left then is far below what the scores resolve.
TOLERANCE = 1e-8
MOST_SWEEPS = 10_000
# Against the variance of what is explained or explains, less than this is rounding.
NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Regression:
    """Linear models of K targets, their intercepts left out.

    Attributes:
        coefficients_ks: float64 (target, column).
        alphas_k: float64 (target,), the penalty of each, as scikit-learn scales it.
    """

    coefficients_ks: Doubles
    alphas_k: Doubles


def fit_lasso(columns_ns: Doubles, targets_nk: Doubles, weights_n: Doubles, selection: str) -> Regression:
    """Return the Lasso of each target, with an intercept, at the penalty of its path that the selection prefers.

    It minimises sum_i w_i (y_i - b - x_i c)^2 / (2 sum w) + alpha sum |c|. A target that does not vary gets zeros.

    Args:
        columns_ns: (sample, column).
        targets_nk: (sample, target).
        weights_n: of the samples, positive.
        selection: "bic", or "cross_validation" over five parts of the samples, by their order.
    """
    moments = _moments(columns_ns, targets_nk, weights_n)
    shares_a = np.append(np.geomspace(1, SMALLEST_SHARE, PATH_LENGTH), 0.0)
    alphas_ak = shares_a[:, None] * np.abs(moments.products_sk).max(axis=0)
    path_sak = _path(moments, alphas_ak)
    if selection == "bic":
        losses_ak = _bic(moments, path_sak, len(columns_ns))
    else:
        losses_ak = _errors_of_folds(columns_ns, targets_nk, weights_n, alphas_ak)
    # Of equals the first: the larger penalty.
    chosen_k, targets = losses_ak.argmin(axis=0), np.arange(targets_nk.shape[1])
    return Regression(path_sak[:, chosen_k, targets].T, alphas_ak[chosen_k, targets])


def fit_ridge(columns_ns: Doubles, targets_nk: Doubles, weights_n: Doubles, alpha: float) -> Regression:
    """Return the ridge regression of each target, with an intercept.

    It minimises sum_i w_i (y_i - b - x_i c)^2 + alpha sum c^2: the weights are not scaled, as in scikit-learn.
    """
    moments = _moments(columns_ns, targets_nk, weights_n)
    penalty_ss = alpha / weights_n.sum() * np.eye(columns_ns.shape[1])
    coefficients_sk = np.linalg.solve(moments.gram_ss + penalty_ss, moments.products_sk)
    return Regression(coefficients_sk.T, np.full(targets_nk.shape[1], alpha))


@dataclass(frozen=True)
class _Moments:
    """Samples, centred and scaled by their weights so that sums of squares are weighted ones, and their products.

    Attributes:
        columns_ns: (sample, column), in Fortran's order, as coordinate descent reads it.
        targets_nk: (sample, target).
        gram_ss: (column, column), the columns' weighted second moments.
        products_sk: (column, target).
        column_means_s: (column,).
        target_means_k: (target,).
    """

    columns_ns: Doubles
    targets_nk: Doubles
    gram_ss: Doubles
    products_sk: Doubles
    column_means_s: Doubles
    target_means_k: Doubles


def _moments(columns_ns: Doubles, targets_nk: Doubles, weights_n: Doubles) -> _Moments:
    shares_n = weights_n / weights_n.sum()
    column_means_s, target_means_k = shares_n @ columns_ns, shares_n @ targets_nk
    columns, targets = columns_ns - column_means_s, targets_nk - target_means_k
    # Rounding of the mean is all that is left of what does not vary: nothing to explain, or to explain with.
    varies_s = shares_n @ columns**2 > NEGLIGIBLE
    varies_k = shares_n @ targets**2 > NEGLIGIBLE**2 * target_means_k**2
    roots_n1 = np.sqrt(shares_n * len(shares_n))[:, None]
    scaled_ns, scaled_nk = np.asfortranarray(roots_n1 * columns * varies_s), roots_n1 * targets * varies_k
    gram_ss, products_sk = scaled_ns.T @ scaled_ns / len(shares_n), scaled_ns.T @ scaled_nk / len(shares_n)
    return _Moments(scaled_ns, scaled_nk, gram_ss, products_sk, column_means_s, target_means_k)


def _path(moments: _Moments, alphas_ak: Doubles) -> Doubles:
    """Return coefficients (column, penalty, target); the last penalty is 0."""
    n_samples, n_columns = moments.columns_ns.shape
    path_sak = np.zeros((n_columns, *alphas_ak.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for k in np.flatnonzero(alphas_ak[0]):
            _, path_sak[:, :-1, k], _ = lasso_path(
                moments.columns_ns,
                moments.targets_nk[:, k],
                alphas=alphas_ak[:-1, k],
                precompute=n_samples * moments.gram_ss,
                Xy=n_samples * moments.products_sk[:, k],
                tol=TOLERANCE,
                max_iter=MOST_SWEEPS,
                check_input=False,
            )
    # Smallest norm where the columns do not settle the coefficients.
    path_sak[:, -1] = np.linalg.pinv(moments.gram_ss, rcond=NEGLIGIBLE, hermitian=True) @ moments.products_sk
    return path_sak


def _bic(moments: _Moments, path_sak: Doubles, n_samples: int) -> Doubles:
    """Return the Bayesian information criterion (penalty, target): n rss / sigma^2 + log(n) nonzero.

    sigma^2 is the residual variance of least squares, as in Zou, Hastie and Tibshirani (2007), who also show that
    the number of coefficients that are not zero is the Lasso's degrees of freedom.
    """
    fitted_sak = np.tensordot(moments.gram_ss, path_sak, axes=1) - 2 * moments.products_sk[:, None]
    squares_k = (moments.targets_nk**2).mean(axis=0)
    residual_ak = squares_k + (path_sak * fitted_sak).sum(axis=0)
    degrees_of_freedom = max(n_samples - len(moments.gram_ss) - 1, 1)
    # Targets that the columns explain wholly leave no noise to divide by.
    floor_k = NEGLIGIBLE * squares_k + np.finfo(np.float64).tiny
    noise_k = np.maximum(residual_ak[-1] * n_samples / degrees_of_freedom, floor_k)
    penalty_ak = np.log(n_samples) * np.count_nonzero(path_sak, axis=0)
    criterion_ak: np.ndarray = n_samples * residual_ak / noise_k + penalty_ak
    return criterion_ak


def _errors_of_folds(columns_ns: Doubles, targets_nk: Doubles, weights_n: Doubles, alphas_ak: Doubles) -> Doubles:
    """Return the weighted squared error (penalty, target) of each part of the samples, predicted from the others."""
    errors_ak = np.zeros_like(alphas_ak)
    parts_n = np.arange(len(columns_ns)) % FOLDS
    for part in range(FOLDS):
        held, kept = parts_n == part, parts_n != part
        moments = _moments(columns_ns[kept], targets_nk[kept], weights_n[kept])
        path_sak = _path(moments, alphas_ak)
        predicted_nak = np.tensordot(columns_ns[held] - moments.column_means_s, path_sak, axes=1)
        missed_nak = (targets_nk[held] - moments.target_means_k)[:, None] - predicted_nak
        errors_ak += np.tensordot(weights_n[held], missed_nak**2, axes=1)
    return errors_ak
