"""LIME for image similarity, one sample and one reference at a time in float64 (Ribeiro et al., 2016; v1 B.2)."""

import math
from collections.abc import Callable

import numpy as np

from tests.oracles.rise import normalised


def switched(pixels_hwc: np.ndarray, superpixels_hw: np.ndarray, is_on: np.ndarray) -> np.ndarray:
    """Return the normalised image (3, y, x) in which pixels of superpixels that are off are black."""
    shown = pixels_hwc.copy()
    for y in range(shown.shape[0]):
        for x in range(shown.shape[1]):
            if not is_on[superpixels_hw[y, x]]:
                shown[y, x] = (0, 0, 0)
    return normalised(shown)


def weight(is_on: np.ndarray, width: float) -> float:
    """Return how much a sample counts: less, the farther its vector is from the whole image's in angle."""
    vector, whole = [float(value) for value in is_on], [1.0] * len(is_on)
    length = math.sqrt(sum(value * value for value in vector))
    if length == 0:
        distance = 1.0
    else:
        product = sum(a * b for a, b in zip(vector, whole, strict=True))
        distance = 1 - product / (length * math.sqrt(len(whole)))
    return math.sqrt(math.exp(-(distance**2) / width**2))


def lasso(columns_ns: np.ndarray, targets_n: np.ndarray, weights_n: np.ndarray, alpha: float) -> np.ndarray:
    """Return the coefficients that minimise sum w (y - b - x c)^2 / (2 sum w) + alpha |c|, one coordinate at a time."""
    total = weights_n.sum()
    coefficients, intercept = np.zeros(columns_ns.shape[1]), 0.0
    residual = targets_n.astype(np.float64).copy()
    for _ in range(100_000):
        step = (weights_n * residual).sum() / total
        intercept, residual, largest = intercept + step, residual - step, abs(step)
        for s in range(len(coefficients)):
            column = columns_ns[:, s]
            curvature = (weights_n * column**2).sum() / total
            if curvature == 0:
                continue
            pull = (weights_n * column * residual).sum() / total + curvature * coefficients[s]
            new = math.copysign(max(abs(pull) - alpha, 0.0), pull) / curvature
            residual -= (new - coefficients[s]) * column
            largest, coefficients[s] = max(largest, abs(new - coefficients[s])), new
        if largest < 1e-14:
            break
    return coefficients


def ridge(columns_ns: np.ndarray, targets_n: np.ndarray, weights_n: np.ndarray, alpha: float) -> np.ndarray:
    """Return the coefficients that minimise sum w (y - b - x c)^2 + alpha c^2, as least squares with further rows."""
    n_columns = columns_ns.shape[1]
    samples = np.column_stack([np.ones(len(columns_ns)), columns_ns]) * np.sqrt(weights_n)[:, None]
    penalties = np.column_stack([np.zeros(n_columns), math.sqrt(alpha) * np.eye(n_columns)])
    targets = np.concatenate([targets_n * np.sqrt(weights_n), np.zeros(n_columns)])
    return np.linalg.lstsq(np.concatenate([samples, penalties]), targets, rcond=None)[0][1:]


def squared_error(
    columns_ns: np.ndarray, targets_n: np.ndarray, weights_n: np.ndarray, coefficients_s: np.ndarray
) -> float:
    """Return the weighted mean squared error at the best intercept."""
    residual = targets_n - columns_ns @ coefficients_s
    residual = residual - (weights_n * residual).sum() / weights_n.sum()
    return float((weights_n * residual**2).sum() / weights_n.sum())


def bic(columns_ns: np.ndarray, targets_n: np.ndarray, weights_n: np.ndarray, alpha: float) -> float:
    """Return n rss / sigma^2 + log(n) nonzero at this penalty, sigma^2 from least squares."""
    n, n_columns = columns_ns.shape
    noise = squared_error(columns_ns, targets_n, weights_n, lasso(columns_ns, targets_n, weights_n, 0.0))
    noise *= n / (n - n_columns - 1)
    coefficients = lasso(columns_ns, targets_n, weights_n, alpha)
    error = squared_error(columns_ns, targets_n, weights_n, coefficients)
    return n * error / noise + math.log(n) * sum(value != 0 for value in coefficients)


def error_of_folds(
    columns_ns: np.ndarray, targets_n: np.ndarray, weights_n: np.ndarray, alpha: float, folds: int
) -> float:
    """Return the weighted squared error of every fold-th sample, predicted from the others."""
    error = 0.0
    for fold in range(folds):
        kept = np.array([i % folds != fold for i in range(len(targets_n))])
        x, y, w = columns_ns[kept], targets_n[kept], weights_n[kept]
        coefficients = lasso(x, y, w, alpha)
        intercept = (w * (y - x @ coefficients)).sum() / w.sum()
        missed = targets_n[~kept] - columns_ns[~kept] @ coefficients - intercept
        error += float((weights_n[~kept] * missed**2).sum())
    return error


def scores(
    pixels_hwc: np.ndarray,
    superpixels_hw: np.ndarray,
    is_on_ns: np.ndarray,
    reference_d: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the cosine of each sample with the reference; `embed` takes one image (3, y, x)."""
    found = []
    for is_on in is_on_ns:
        vector = embed(switched(pixels_hwc, superpixels_hw, is_on))
        found.append(float(vector @ reference_d) / math.sqrt(float(vector @ vector)))
    return np.array(found)


def painted(coefficients_s: np.ndarray, superpixels_hw: np.ndarray) -> np.ndarray:
    """Return the map (y, x): each pixel gets the coefficient of the superpixel that covers it."""
    result = np.zeros(superpixels_hw.shape)
    for y in range(result.shape[0]):
        for x in range(result.shape[1]):
            result[y, x] = coefficients_s[superpixels_hw[y, x]]
    return result
