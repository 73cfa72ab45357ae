"""A classifier of an item's colour, which verifies edits: is it now what it was to become?

It sees a histogram over lightness, hue and chroma of all of the item's pixels, edited or not, with neighbouring bins
filled softly; the edit sets the mean and one spread of some of them. The two are not independent, as both look at
colour, but an edit whose shading, unedited rest or clipped colours look like no item of the target fails here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

HUES: Final = 12
LIGHTNESSES: Final = (10.0, 30.0, 50.0, 70.0, 90.0)
CHROMAS: Final = (0.0, 12.0, 30.0, 60.0)
# Those of neutral pixels have no hue.
FEATURES: Final = len(LIGHTNESSES) * (1 + (len(CHROMAS) - 1) * HUES)
FOLDS: Final = 5
INVERSE_PENALTY: Final = 10.0
CALIBRATION_BINS: Final = 10


@dataclass(frozen=True)
class ColourClassifier:
    """Multinomial logistic regression on colour histograms, its logits divided by a temperature that calibrates it.

    A colour weighs as the square root of its number of items: half of these may be black, and what an edit makes is no
    draw from them; with equal weights the many black items would be taken for dark shades of rare colours.

    Attributes:
        colours: names, in the order of the rows.
        coefficients_cf: (colour, feature) float64.
        intercepts_c: (colour,) float64.
    """

    colours: tuple[str, ...]
    coefficients_cf: npt.NDArray[np.float64]
    intercepts_c: npt.NDArray[np.float64]

    def probabilities(self, features_nf: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the probability of each colour, (item, colour), rows sum to 1."""
        return _softmax(features_nf @ self.coefficients_cf.T + self.intercepts_c)


@dataclass(frozen=True)
class ClassifierQuality:
    """How good the classifier is on items that it was not fitted to, by cross-validation, weighted as in fitting.

    Attributes:
        items: how many.
        accuracy: share whose most probable colour is the labelled one.
        calibration_error: expected calibration error of the most probable colour's probability, ten bins.
    """

    items: int
    accuracy: float
    calibration_error: float


def colour_histogram(lab_hwc: npt.NDArray[np.float64], mask_hw: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the square roots of the soft histogram's shares, (feature,) float64, unit norm.

    Each pixel's share goes linearly to its two nearest bins of lightness, of chroma and of hue.

    Args:
        lab_hwc: CIELAB (y, x, 3).
        mask_hw: the pixels counted, at least one.
    """
    lightness_n, a_n, b_n = lab_hwc[mask_hw].T
    by_lightness = _linear_bins(lightness_n, LIGHTNESSES)
    by_chroma = _linear_bins(np.hypot(a_n, b_n), CHROMAS)
    turns_n = (np.arctan2(b_n, a_n) / (2 * np.pi) * HUES) % HUES
    below_n = np.floor(turns_n).astype(np.int64)
    by_hue = np.zeros((len(turns_n), HUES))
    rows = np.arange(len(turns_n))
    by_hue[rows, below_n % HUES] += 1 - (turns_n - below_n)
    by_hue[rows, (below_n + 1) % HUES] += turns_n - below_n
    joint = np.einsum("nl,nc,nh->lch", by_lightness, by_chroma, by_hue) / len(rows)
    # Greys have a hue by chance alone.
    neutral = joint[:, 0].sum(axis=1)
    shares: npt.NDArray[np.float64] = np.concatenate([neutral, joint[:, 1:].ravel()])
    return np.sqrt(shares)


def fit_colour_classifier(
    features_nf: npt.NDArray[np.float64], colours_n: Sequence[str], seed: int
) -> tuple[ColourClassifier, ClassifierQuality]:
    """Return the classifier and its cross-validated quality.

    The temperature is the one under which probabilities of items left out have the largest likelihood.

    Args:
        features_nf: (item, feature) of `colour_histogram`.
        colours_n: labelled colour of each item; at least two colours, each of at least five items.
        seed: of the folds, 0 to 2^32 - 1.
    """
    names, code_n = np.unique(np.array(colours_n, dtype=str), return_inverse=True)
    logits_nc = np.zeros((len(code_n), len(names)))
    for fitted, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features_nf, code_n):
        coefficients, intercepts = _fit(features_nf[fitted], code_n[fitted])
        logits_nc[held_out] = features_nf[held_out] @ coefficients.T + intercepts
    temperature = _temperature(logits_nc, code_n)
    coefficients, intercepts = _fit(features_nf, code_n)
    classifier = ColourClassifier(tuple(names.tolist()), coefficients / temperature, intercepts / temperature)
    return classifier, _quality(_softmax(logits_nc / temperature), code_n)


def _fit(
    features_nf: npt.NDArray[np.float64], code_n: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000).fit(
        features_nf, code_n, sample_weight=len(code_n) * _weights(code_n)
    )
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        # Two colours have one row of logits, that of the second; half of it each way gives the same probabilities.
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    return coefficients, intercepts


def _temperature(logits_nc: npt.NDArray[np.float64], code_n: npt.NDArray[np.int64]) -> float:
    rows, weight_n = np.arange(len(code_n)), _weights(code_n)

    def loss(log_temperature: float) -> float:
        likely_n = _softmax(logits_nc / np.exp(log_temperature))[rows, code_n]
        return float(-(weight_n * np.log(np.maximum(likely_n, 1e-12))).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _quality(probabilities_nc: npt.NDArray[np.float64], code_n: npt.NDArray[np.int64]) -> ClassifierQuality:
    weight_n = _weights(code_n)
    confidence_n = probabilities_nc.max(axis=1)
    right_n = (probabilities_nc.argmax(axis=1) == code_n).astype(np.float64)
    bin_n = np.minimum((confidence_n * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    gap_b = np.bincount(bin_n, weights=weight_n * (confidence_n - right_n), minlength=CALIBRATION_BINS)
    return ClassifierQuality(len(code_n), float((weight_n * right_n).sum()), float(np.abs(gap_b).sum()))


def _weights(code_n: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return weights that sum to 1, for each code in proportion to the square root of its number."""
    root_n = np.sqrt(np.bincount(code_n))[code_n]
    weights_n: npt.NDArray[np.float64] = (1 / root_n) / (1 / root_n).sum()
    return weights_n


def _linear_bins(values_n: npt.NDArray[np.float64], centres: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return each value's shares of its two nearest bins, (value, bin); beyond the ends all goes to the last one."""
    place_n = np.interp(values_n, centres, np.arange(len(centres)))
    shares: npt.NDArray[np.float64] = np.maximum(0, 1 - np.abs(place_n[:, None] - np.arange(len(centres))))
    return shares


def _softmax(logits_nc: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    raised = np.exp(logits_nc - logits_nc.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return probabilities
