"""The probability that an answer is right, calibrated on pairs whose truth is known.

Must not import torch. Cost: one logistic regression on three figures of each pair.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from pipeline.errors import BadDataset
from pipeline.explanation.answer.uncertainty import EffectUncertainty

LEAST_PAIRS = 20


@dataclass(frozen=True)
class AnswerCalibration:
    """Logistic regression from what refits say to the probability of being right.

    Attributes:
        weights_f: (figure,), float64.
        intercept: float.
        n_pairs: pairs that it was fitted on.
    """

    weights_f: npt.NDArray[np.float64]
    intercept: float
    n_pairs: int


def answer_figures(
    uncertainty: EffectUncertainty, candidates_pa: npt.NDArray[np.bool_], draws: int
) -> npt.NDArray[np.float64]:
    """Return (pair, 3) float64: log odds of the refits' agreement, log number of candidates, width of the interval.

    The width is relative to the effect, between 0 and 1. NaN where nothing was named.
    """
    agreed_p = (uncertainty.agreement_p * draws + 0.5) / (draws + 1)
    width_p = uncertainty.high_p - uncertainty.low_p
    size_p = np.abs(uncertainty.effect_p) + width_p
    relative_p = np.divide(width_p, size_p, out=np.ones_like(width_p), where=size_p > 0)
    candidates_p = np.log(np.maximum(candidates_pa.sum(axis=1), 1))
    return np.stack([np.log(agreed_p / (1 - agreed_p)), candidates_p, relative_p], axis=1)


def fit_calibration(figures_pf: npt.NDArray[np.float64], right_p: npt.NDArray[np.floating]) -> AnswerCalibration:
    """Return the calibration fitted on validation pairs.

    Args:
        figures_pf: (pair, figure), see `answer_figures`; rows with NaN are left out.
        right_p: (pair,) 1 where the answer was right, 0 where not, NaN where unknown.

    Raises:
        BadDataset: fewer than 20 pairs whose truth is known.
    """
    known_p = np.isfinite(figures_pf).all(axis=1) & ~np.isnan(right_p)
    if known_p.sum() < LEAST_PAIRS:
        raise BadDataset(
            expected=f"at least {LEAST_PAIRS} validation pairs with an answer and known truth",
            found=f"{int(known_p.sum())} of {len(right_p)}",
            where="calibration of the answers",
            remedy="raise pairs.valid, or the number of validation items",
        )
    right = right_p[known_p] > 0.5
    if right.all() or not right.any():
        # One outcome alone cannot be regressed on: Laplace's estimate for all.
        share = (right.sum() + 1) / (right.size + 2)
        return AnswerCalibration(np.zeros(figures_pf.shape[1]), float(np.log(share / (1 - share))), int(right.size))
    fitted = LogisticRegression().fit(figures_pf[known_p], right)
    return AnswerCalibration(fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0]), int(right.size))


def answer_probability(calibration: AnswerCalibration, figures_pf: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (pair,) float64 in [0, 1]: the probability that each answer is right; NaN where nothing was named."""
    logits_p = figures_pf @ calibration.weights_f + calibration.intercept
    return np.asarray(1 / (1 + np.exp(-logits_p)), dtype=np.float64)
