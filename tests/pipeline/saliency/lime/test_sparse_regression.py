"""Regressions against slow ones, scikit-learn's, and targets whose coefficients are known."""

import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from pipeline.saliency.lime import sparse_regression
from pipeline.saliency.lime.sparse_regression import PATH_LENGTH, fit_lasso, fit_ridge
from tests.oracles import lime as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

SAMPLES, COLUMNS, TARGETS = 80, 5, 4


def problem(noise: float = 0.02, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return columns of zeros and ones, targets around 0.7 with few coefficients, and weights."""
    rng = np.random.default_rng(seed)
    columns = (rng.random((SAMPLES, COLUMNS)) < 0.5).astype(np.float64)
    coefficients = rng.normal(size=(COLUMNS, TARGETS)) * (rng.random((COLUMNS, TARGETS)) < 0.5) * 0.05
    targets = 0.7 + columns @ coefficients + noise * rng.normal(size=(SAMPLES, TARGETS))
    return columns, targets, rng.uniform(0.1, 1, SAMPLES)


def path_of(columns: np.ndarray, target: np.ndarray, weights: np.ndarray) -> list[float]:
    """Return the penalties from the smallest that leaves nothing."""
    centred = target - (weights * target).sum() / weights.sum()
    largest = max(abs((weights * columns[:, s] * centred).sum() / weights.sum()) for s in range(COLUMNS))
    return [largest * 10 ** (-4 * i / (PATH_LENGTH - 1)) for i in range(PATH_LENGTH)] + [0.0]


def assert_equals_oracle(module: ModuleType, selection: str) -> None:
    columns, targets, weights = problem()
    found = module.fit_lasso(columns, targets, weights, selection)
    for k in range(TARGETS):
        given = columns, targets[:, k], weights
        np.testing.assert_allclose(found.coefficients_ks[k], oracle.lasso(*given, found.alphas_k[k]), atol=1e-9)
        # Every fourth penalty and the chosen one, which none of them may beat.
        penalties = [alpha for i, alpha in enumerate(path_of(*given)) if i % 4 == 0]
        if selection == "bic":
            losses = [oracle.bic(*given, alpha) for alpha in (found.alphas_k[k], *penalties)]
        else:
            losses = [oracle.error_of_folds(*given, alpha, 5) for alpha in (found.alphas_k[k], *penalties)]
        assert losses[0] <= min(losses[1:]) * (1 + 1e-9)
        assert np.isclose(found.alphas_k[k], path_of(*given), rtol=1e-9, atol=0).any()


@pytest.mark.parametrize("selection", ["bic", "cross_validation"])
def test_the_lasso_and_its_penalty_are_the_slow_ones(selection: str) -> None:
    assert_equals_oracle(sparse_regression, selection)


@pytest.mark.parametrize(
    ("right", "wrong", "selection"),
    [
        ("shares_n = weights_n / weights_n.sum()", "shares_n = np.full(len(weights_n), 1 / len(weights_n))", "bic"),
        ("columns_ns - column_means_s, targets_nk - target_means_k", "columns_ns, targets_nk", "bic"),
        ("alphas=alphas_ak[:-1, k]", "alphas=2 * alphas_ak[:-1, k]", "bic"),
        ("precompute=n_samples * moments", "precompute=moments", "bic"),
        ("np.sqrt(shares_n * len(shares_n))", "(shares_n * len(shares_n))", "bic"),
        ("TOLERANCE = 1e-8", "TOLERANCE = 1e-1", "bic"),
        ("np.log(n_samples)", "0.1", "bic"),
        ("np.log(n_samples)", "30", "bic"),
        ("- 2 * moments.products_sk", "- moments.products_sk", "bic"),
        ("path_sak[:, chosen_k, targets]", "path_sak[:, chosen_k[0], targets]", "bic"),
        ("losses_ak.argmin", "losses_ak.argmax", "cross_validation"),
        ("parts_n == part, parts_n != part", "parts_n != part, parts_n == part", "cross_validation"),
        ("tensordot(weights_n[held], ", "tensordot(1 / weights_n[held], ", "cross_validation"),
        ("- moments.column_means_s, path_sak", ", path_sak", "cross_validation"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path: Path, right: str, wrong: str, selection: str) -> None:
    broken = broken_copy(sparse_regression, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle(broken, selection)


def test_coefficients_are_those_of_scikit_learn() -> None:
    columns, targets, weights = problem(seed=3)
    found = fit_lasso(columns, targets, weights, "cross_validation")
    ridge = fit_ridge(columns, targets, weights, 1.0)
    assert (found.alphas_k > 0).any()
    for k in range(TARGETS):
        if found.alphas_k[k] > 0:
            other = Lasso(alpha=found.alphas_k[k], tol=1e-12, max_iter=10_000)
            other.fit(columns, targets[:, k], sample_weight=weights)
            np.testing.assert_allclose(found.coefficients_ks[k], other.coef_, atol=1e-9)
        other = Ridge(alpha=1.0).fit(columns, targets[:, k], sample_weight=weights)
        np.testing.assert_allclose(ridge.coefficients_ks[k], other.coef_, atol=1e-12)
        slow = oracle.ridge(columns, targets[:, k], weights, 1.0)
        np.testing.assert_allclose(ridge.coefficients_ks[k], slow, atol=1e-12)
    assert ridge.alphas_k.tolist() == [1.0] * TARGETS


@pytest.mark.parametrize("selection", ["bic", "cross_validation"])
def test_what_is_linear_is_recovered_and_what_does_not_vary_gets_zeros(selection: str) -> None:
    columns, _, weights = problem()
    coefficients = np.array([0.3, -0.2, 0.0, 1e-3, 0.0])
    targets = np.column_stack([0.5 + columns @ coefficients, np.full(SAMPLES, 0.1)])
    found = fit_lasso(columns, targets, weights, selection)
    np.testing.assert_allclose(found.coefficients_ks[0], coefficients, atol=1e-9)
    assert found.coefficients_ks[1].tolist() == [0.0] * COLUMNS
    assert found.alphas_k[1] == 0


def test_pure_noise_mostly_gets_zeros() -> None:
    columns, _, weights = problem()
    noise = np.random.default_rng(5).normal(size=(SAMPLES, 50))
    zeros = (fit_lasso(columns, noise, weights, "bic").coefficients_ks == 0).all(axis=1).mean()
    assert zeros > 0.7
    strong = noise + 4 * columns[:, [2]]
    assert (fit_lasso(columns, strong, weights, "bic").coefficients_ks[:, 2] > 2).all()


@pytest.mark.parametrize("selection", ["bic", "cross_validation"])
def test_columns_that_say_the_same_or_nothing_do_no_harm(selection: str) -> None:
    columns, targets, weights = problem()
    redundant = np.column_stack([columns, columns[:, 0], np.ones(SAMPLES)])
    found = fit_lasso(redundant, targets, weights, selection)
    assert np.isfinite(found.coefficients_ks).all()
    assert (np.abs(found.coefficients_ks[:, -1]) < 1e-12).all()
    # More columns than samples.
    few = fit_lasso(columns[:4], targets[:4], weights[:4], selection)
    assert np.isfinite(few.coefficients_ks).all()


def test_a_target_s_coefficients_do_not_depend_on_the_others() -> None:
    columns, targets, weights = problem()
    together = fit_lasso(columns, targets, weights, "bic")
    alone = fit_lasso(columns, targets[:, 2:3], weights, "bic")
    np.testing.assert_allclose(together.coefficients_ks[2], alone.coefficients_ks[0], atol=1e-12)
    assert together.alphas_k[2] == pytest.approx(alone.alphas_k[0])


def test_more_columns_than_samples_take_no_time_and_no_warning() -> None:
    rng = np.random.default_rng(2)
    columns = (rng.random((50, 120)) < 0.5).astype(np.float64)
    targets = 0.9 + 1e-3 * rng.normal(size=(50, 5))
    started = time.process_time()
    found = fit_lasso(columns, targets, rng.uniform(0.1, 1, 50), "bic")
    assert time.process_time() - started < 20
    assert np.isfinite(found.coefficients_ks).all()
