"""The probability that an answer is right, calibrated on pairs whose truth is known.

Must not import torch. Cost: one logistic regression on two figures of each pair.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from pipeline.explanation.answer.naming import NOTHING_NAMED

LEAST_PAIRS = 20


@dataclass(frozen=True)
class AnswerCalibration:
    """Logistic regression from an answer's effect and lead to the probability of being right.

    Attributes:
        weights_f: (figure,), float64.
        intercept: float.
        n_pairs: pairs that it was fitted on.
    """

    weights_f: npt.NDArray[np.float64]
    intercept: float
    n_pairs: int


def answer_figures(
    effects_pa: npt.NDArray[np.floating], named_p: npt.NDArray[np.integer], candidates_pa: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return (pair, 2) float64: the named attribute's predicted effect, and its lead over the best other candidate's.

    The lead is negative where another candidate has a larger predicted effect, and the effect itself where there is no
    other. NaN where nothing was named.
    """
    rows_p = np.arange(len(named_p))
    others_pa = np.where(candidates_pa, effects_pa, -np.inf)
    others_pa[rows_p, named_p] = -np.inf
    effect_p = np.where(named_p == NOTHING_NAMED, np.nan, effects_pa[rows_p, named_p])
    best_other_p = others_pa.max(axis=1)
    lead_p = effect_p - np.where(np.isfinite(best_other_p), best_other_p, 0.0)
    return np.stack([effect_p, lead_p], axis=1)


def fit_calibration(figures_pf: npt.NDArray[np.float64], right_p: npt.NDArray[np.floating]) -> AnswerCalibration | None:
    """Return the calibration fitted on validation pairs; None where fewer than 20 have an answer and known truth.

    Args:
        figures_pf: (pair, figure), see `answer_figures`; rows with NaN are left out.
        right_p: (pair,) 1 where the answer was right, 0 where not, NaN where unknown.
    """
    known_p = np.isfinite(figures_pf).all(axis=1) & ~np.isnan(right_p)
    if known_p.sum() < LEAST_PAIRS:
        return None
    right = right_p[known_p] > 0.5
    if right.all() or not right.any():
        # One outcome alone cannot be regressed on: Laplace's estimate for all.
        share = (right.sum() + 1) / (right.size + 2)
        return AnswerCalibration(np.zeros(figures_pf.shape[1]), float(np.log(share / (1 - share))), int(right.size))
    # Effects are hundredths of a cosine: penalised as they come, their weights would stay at nothing.
    deviation_f = np.maximum(figures_pf[known_p].std(axis=0), 1e-12)
    fitted = LogisticRegression().fit(figures_pf[known_p] / deviation_f, right)
    return AnswerCalibration(fitted.coef_[0] / deviation_f, float(fitted.intercept_[0]), int(right.size))


def answer_probability(calibration: AnswerCalibration, figures_pf: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (pair,) float64 in [0, 1]: the probability that each answer is right; NaN where nothing was named."""
    logits_p = figures_pf @ calibration.weights_f + calibration.intercept
    return np.asarray(1 / (1 + np.exp(-logits_p)), dtype=np.float64)


def calibrated_probability(
    calibration: AnswerCalibration | None,
    effects_pa: npt.NDArray[np.floating],
    named_p: npt.NDArray[np.integer],
    candidates_pa: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Return `answer_probability` of the answers' figures; NaN for all without a calibration.

    Args:
        calibration: see `fit_calibration`.
        effects_pa: (pair, attribute), predicted effects.
        named_p: (pair,) attribute, -1 where nothing is named.
        candidates_pa: bool (pair, attribute), what an answer is compared with.
    """
    if calibration is None:
        return np.full(len(named_p), np.nan)
    return answer_probability(calibration, answer_figures(effects_pa, named_p, candidates_pa))
