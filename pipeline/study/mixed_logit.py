"""Mixed-effects logistic regression of answers, with subjects and items as crossed random effects."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats
from scipy.special import expit

from pipeline.errors import BadDataset

# Priors of statsmodels' model: standard deviation of a coefficient (log odds), and of the logarithm of the standard
# deviations of subjects and items.
COEFFICIENT_PRIOR: Final = 2.0
SPREAD_PRIOR: Final = 1.0
_NEWTON_STEPS: Final = 50
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class MixedFit:
    """A fitted model; coefficients are log odds for an average subject and an average item.

    Attributes:
        names: of the coefficients.
        coefficients_k: (coefficient,) float64.
        errors_k: (coefficient,) float64, standard errors.
        subject_spread: standard deviation of subjects, log odds.
        item_spread: of items.
        answers: that it rests on.
        subjects: likewise.
        items: likewise.
    """

    names: tuple[str, ...]
    coefficients_k: npt.NDArray[np.float64]
    errors_k: npt.NDArray[np.float64]
    subject_spread: float
    item_spread: float
    answers: int
    subjects: int
    items: int

    def ends(self, name: str) -> tuple[float, float]:
        """Return both ends of a coefficient's 95 % interval, log odds.

        Student's quantile with as many degrees of freedom as the smaller of subjects and items has, less one.
        """
        place, freedom = self.names.index(name), max(1, min(self.subjects, self.items) - 1)
        reach = float(stats.t.ppf((1 + _CONFIDENCE) / 2, freedom)) * self.errors_k[place]
        return float(self.coefficients_k[place] - reach), float(self.coefficients_k[place] + reach)

    def p_value(self, name: str) -> float:
        """Return the two-sided p-value of a coefficient of 0, by the same distribution."""
        place, freedom = self.names.index(name), max(1, min(self.subjects, self.items) - 1)
        return float(2 * stats.t.sf(abs(self.coefficients_k[place]) / self.errors_k[place], freedom))


def fit_mixed_logit(
    names: tuple[str, ...],
    fixed_ak: npt.NDArray[np.float64],
    chosen_a: npt.NDArray[np.float64],
    subject_a: npt.NDArray[np.int64],
    item_a: npt.NDArray[np.int64],
) -> MixedFit:
    """Return logit P(chosen) = fixed x coefficients + subject + item, both drawn from normal distributions around 0.

    The standard deviations come from statsmodels' `BinomialBayesMixedGLM` by variational Bayes, whose mean-field
    posterior takes coefficients and random effects for independent; so its own standard errors of the coefficients are
    too small. Coefficients and standard errors are therefore those of the joint penalised likelihood (Breslow and
    Clayton 1993, penalised quasi-likelihood) at these standard deviations, from its mode and its whole curvature.
    Assumed are normal effects that add up in log odds, and the same effects in all conditions.

    Args:
        names: of the columns.
        fixed_ak: (answer, coefficient) float64.
        chosen_a: (answer,) 0 or 1.
        subject_a: (answer,) number of the subject, from 0 without gaps.
        item_a: (answer,) of the item, likewise.

    Raises:
        BadDataset: there are fewer than two subjects or items, all answers agree, or the model cannot be fitted.
    """
    subjects, items = int(subject_a.max()) + 1, int(item_a.max()) + 1
    if min(subjects, items) < 2:
        raise _unfitted(f"{subjects} subjects and {items} items", "two or more subjects and items")
    if len(np.unique(chosen_a)) < 2:
        raise _unfitted("answers that all agree", "answers of both kinds")
    spread = _spreads(fixed_ak, chosen_a, subject_a, item_a)
    random_ar = np.hstack([np.eye(subjects)[subject_a], np.eye(items)[item_a]])
    precision_r = np.repeat(1 / np.square(spread), (subjects, items))
    design_ap = np.hstack([fixed_ak, random_ar])
    # The same weak prior as statsmodels' keeps coefficients finite where all answers agree.
    penalty_p = np.concatenate([np.full(len(names), COEFFICIENT_PRIOR**-2), precision_r])
    mode_p, covariance_pp = _penalised_mode(design_ap, chosen_a, penalty_p)
    k = len(names)
    errors_k = np.sqrt(np.diag(covariance_pp)[:k])
    return MixedFit(names, mode_p[:k], errors_k, spread[0], spread[1], len(chosen_a), subjects, items)


def _spreads(
    fixed_ak: npt.NDArray[np.float64],
    chosen_a: npt.NDArray[np.float64],
    subject_a: npt.NDArray[np.int64],
    item_a: npt.NDArray[np.int64],
) -> tuple[float, float]:
    """Return the standard deviations of subjects and of items, log odds: exp of the posterior mean logarithm."""
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

    answers = np.arange(len(chosen_a))
    columns = [
        sparse.csr_matrix((np.ones(len(answers)), (answers, number_a)), shape=(len(answers), int(number_a.max()) + 1))
        for number_a in (subject_a, item_a)
    ]
    kinds = np.repeat([0, 1], [column.shape[1] for column in columns])
    model: Any = BinomialBayesMixedGLM(
        chosen_a, fixed_ak, sparse.hstack(columns).tocsr(), kinds, vcp_p=SPREAD_PRIOR, fe_p=COEFFICIENT_PRIOR
    )
    start_m = np.concatenate([np.zeros(fixed_ak.shape[1]), np.full(2, -0.7), np.zeros(len(kinds))])
    with warnings.catch_warnings():
        # Said by the check below instead.
        warnings.simplefilter("ignore")
        found = model.fit_vb(mean=start_m, sd=np.full(len(start_m), 0.5))
    means = np.exp(np.asarray(found.vcp_mean, dtype=np.float64))
    if not np.isfinite(means).all():
        raise _unfitted("a variational fit without finite spreads", "answers that the model can be fitted to")
    return float(means[0]), float(means[1])


def _penalised_mode(
    design_ap: npt.NDArray[np.float64], chosen_a: npt.NDArray[np.float64], penalty_p: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the mode of the penalised log likelihood (parameter,), and the inverse of its curvature."""
    mode_p = np.zeros(design_ap.shape[1])
    for _ in range(_NEWTON_STEPS):
        expected_a = expit(design_ap @ mode_p)
        slope_p = design_ap.T @ (chosen_a - expected_a) - penalty_p * mode_p
        weight_a = expected_a * (1 - expected_a)
        curvature_pp = (design_ap * weight_a[:, None]).T @ design_ap + np.diag(penalty_p)
        step_p = np.linalg.solve(curvature_pp, slope_p)
        # The likelihood is concave, so a step of bounded length cannot diverge.
        mode_p += step_p / max(1.0, np.abs(step_p).max() / 2)
        if np.abs(step_p).max() < 1e-8:
            return mode_p, np.linalg.inv(curvature_pp)
    raise _unfitted("a fit that does not converge", "answers that the model can be fitted to")


def _unfitted(found: str, expected: str) -> BadDataset:
    return BadDataset(
        expected=expected, found=found, where="the mixed-effects model of the answers", remedy="collect more answers"
    )
