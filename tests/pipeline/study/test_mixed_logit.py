"""The mixed-effects model: its mode against a slow one, what it finds of known subjects, and how wide it is."""

import numpy as np
import pytest
from scipy.special import expit

from pipeline.errors import BadDataset
from pipeline.study.mixed_logit import COEFFICIENT_PRIOR, MixedFit, fit_mixed_logit
from tests.oracles.penalised_logit import curvature, penalised_logit

SUBJECTS, ITEMS, QUESTIONS = 24, 24, 12
NAMES = ("share", "difference")


def simulated(seed: int, spread: float, subjects: int = SUBJECTS) -> tuple[np.ndarray, ...]:
    """Answers with log odds 0.6 and a difference of 0.8 between two halves of each subject's questions."""
    rng = np.random.default_rng(seed)
    subject_a = np.repeat(np.arange(subjects), QUESTIONS)
    item_a = np.concatenate([rng.permutation(ITEMS)[:QUESTIONS] for _ in range(subjects)])
    item_a = np.unique(item_a, return_inverse=True)[1]
    second_a = np.tile(np.arange(QUESTIONS) % 2, subjects).astype(np.float64)
    own_s, own_i = rng.normal(0, spread, subjects), rng.normal(0, 0.5, ITEMS)
    chance_a = expit(0.6 + 0.8 * second_a + own_s[subject_a] + own_i[item_a])
    chosen_a = (rng.random(len(chance_a)) < chance_a).astype(np.float64)
    return np.column_stack([np.ones(len(chosen_a)), second_a]), chosen_a, subject_a, item_a


def fitted(seed: int, spread: float = 1.0) -> MixedFit:
    return fit_mixed_logit(NAMES, *simulated(seed, spread))


def test_mode_and_curvature_are_those_of_a_slow_fit() -> None:
    fixed_ak, chosen_a, subject_a, item_a = simulated(0, 1.0, subjects=5)
    fit = fit_mixed_logit(NAMES, fixed_ak, chosen_a, subject_a, item_a)
    subjects, items = int(subject_a.max()) + 1, int(item_a.max()) + 1
    rows = np.hstack([fixed_ak, np.eye(subjects)[subject_a], np.eye(items)[item_a]]).tolist()
    penalties = [COEFFICIENT_PRIOR**-2] * 2 + [fit.subject_spread**-2] * subjects + [fit.item_spread**-2] * items
    mode = penalised_logit(rows, chosen_a.tolist(), penalties, steps=3000)
    assert fit.coefficients_k == pytest.approx(mode[:2], abs=1e-4)
    errors = np.sqrt(np.diag(np.linalg.inv(np.array(curvature(rows, mode, penalties)))))[:2]
    assert fit.errors_k == pytest.approx(errors, rel=1e-3)
    # Broken copies: without the random effects' part of the curvature, and without the effects themselves.
    fixed_only = np.array(curvature(rows, mode, penalties))[:2, :2]
    assert np.sqrt(np.diag(np.linalg.inv(fixed_only)))[0] < 0.8 * fit.errors_k[0]
    alone = penalised_logit(fixed_ak.tolist(), chosen_a.tolist(), penalties[:2], steps=2000)
    assert fit.coefficients_k != pytest.approx(alone, abs=1e-2)


def test_known_subjects_are_found_and_held_by_the_intervals() -> None:
    fits = [fitted(seed) for seed in range(24)]
    found_k = np.mean([fit.coefficients_k for fit in fits], axis=0)
    # Penalised quasi-likelihood pulls towards 0, here by up to a fifth.
    assert found_k == pytest.approx([0.6, 0.8], abs=0.2)
    assert np.mean([fit.subject_spread for fit in fits]) == pytest.approx(1.0, abs=0.3)
    held = [
        [low <= truth <= high for truth, (low, high) in zip((0.6, 0.8), map(fit.ends, NAMES), strict=True)]
        for fit in fits
    ]
    # Of 24 intervals a right one misses 1 on average, and more than 5 once in 5,000 times.
    assert (~np.array(held)).sum(axis=0).max() <= 5
    # A broken copy that takes answers of one subject for independent misses the share more often.
    narrow = [_without_effects(seed) for seed in range(24)]
    assert sum(not low <= 0.6 <= high for low, high in narrow) > sum(not row[0] for row in held)


def _without_effects(seed: int) -> tuple[float, float]:
    fixed_ak, chosen_a, _, _ = simulated(seed, 1.0)
    mode = np.zeros(2)
    for _ in range(30):
        expected_a = expit(fixed_ak @ mode)
        weighted = (fixed_ak * (expected_a * (1 - expected_a))[:, None]).T @ fixed_ak
        mode = mode + np.linalg.solve(weighted, fixed_ak.T @ (chosen_a - expected_a))
    error = float(np.sqrt(np.linalg.inv(weighted)[0, 0]))
    return mode[0] - 1.96 * error, mode[0] + 1.96 * error


def test_answers_that_nearly_all_agree_stay_finite() -> None:
    fixed_ak, chosen_a, subject_a, item_a = simulated(0, 0.5)
    chosen_a[1:] = 1
    chosen_a[0] = 0
    fit = fit_mixed_logit(NAMES, fixed_ak, chosen_a, subject_a, item_a)
    assert np.isfinite([*fit.coefficients_k, *fit.errors_k, fit.subject_spread, fit.item_spread]).all()
    assert fit.coefficients_k[0] > 1
    assert 0 <= fit.p_value("share") < 0.05
    with pytest.raises(BadDataset, match="all agree"):
        fit_mixed_logit(NAMES, fixed_ak, np.ones_like(chosen_a), subject_a, item_a)


def test_a_single_subject_or_item_is_refused() -> None:
    fixed_ak, chosen_a, subject_a, item_a = simulated(0, 0.5)
    for subjects, items in ((subject_a * 0, item_a), (subject_a, item_a * 0)):
        with pytest.raises(BadDataset, match="two or more subjects and items"):
            fit_mixed_logit(NAMES, fixed_ak, chosen_a, subjects, items)
