"""Maps by regression on masks: exact where the answer is known, nearer to the limit than the mean where it is not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.saliency.rise import score_regression
from pipeline.saliency.rise.mask_designs import balanced_grids, independent_grids
from pipeline.saliency.rise.masks import MaskDraws
from pipeline.saliency.rise.score_regression import RIDGE_SHARES, prepare_regression, regress_maps
from tests.oracles import exact_rise, rise
from tests.pipeline.evaluation.broken_copy import broken_copy

CELLS, CELL_PX, SIZE_PX = 3, 3, 9
WEIGHTS = np.random.default_rng(1).normal(size=(SIZE_PX, SIZE_PX))


def linear(mask_hw: np.ndarray) -> float:
    return float((WEIGHTS * mask_hw).sum())


def curved(mask_hw: np.ndarray) -> float:
    return float(np.tanh(linear(mask_hw)) + 0.3 * mask_hw[2, 2] * mask_hw[6, 5])


def draws_of(grids: np.ndarray, shifts: np.ndarray) -> MaskDraws:
    return MaskDraws(grids, shifts.astype(np.int64), CELL_PX, SIZE_PX)


def scores_of(draws: MaskDraws, score: Callable[[np.ndarray], float]) -> np.ndarray:
    masks = rise.masks(draws.grids_ncc, draws.shifts_n2, CELL_PX, SIZE_PX)
    return np.array([score(mask) for mask in masks])[:, None]


def few_draws(masks: int, design: str, seed: int = 0) -> MaskDraws:
    shifts = np.random.default_rng(seed).integers(0, CELL_PX, (masks, 2))
    if design == "balanced":
        shifts = np.concatenate([shifts[: masks // 2]] * 2)
        return draws_of(balanced_grids(seed, masks, CELLS, 0.5), shifts)
    return draws_of(independent_grids(seed, masks, CELLS, 0.5), shifts)


def worst_share(found: np.ndarray, score: Callable[[np.ndarray], float]) -> float:
    expected = exact_rise.limit_map(score, CELLS, CELL_PX, SIZE_PX)
    return rise.worst_share_of_range(found, expected[None])


@pytest.mark.parametrize("score", [linear, curved])
def test_over_all_masks_the_regression_is_the_limit(score: Callable[[np.ndarray], float]) -> None:
    # What a fit over the whole distribution leaves over is uncorrelated with every mask value.
    draws = draws_of(*exact_rise.every_mask(CELLS, CELL_PX, SIZE_PX))
    maps, _ = regress_maps(scores_of(draws, score), prepare_regression(draws, 0.5, is_antithetic=False))
    # The smallest penalty leaves a little bias.
    assert worst_share(maps, score) < 2e-3


@pytest.mark.parametrize("design", ["independent", "balanced"])
def test_a_linear_scorer_gets_its_limit_from_few_masks(design: str) -> None:
    draws = few_draws(120, design)
    regression = prepare_regression(draws, 0.5, design == "balanced")
    maps, shares = regress_maps(scores_of(draws, linear), regression)
    assert worst_share(maps, linear) < 0.02
    assert shares[0] == RIDGE_SHARES[0]
    # The papers' weighted mean of the same masks is far from there.
    masks = rise.masks(draws.grids_ncc, draws.shifts_n2, CELL_PX, SIZE_PX)
    mean = rise.map_of_scores(scores_of(draws, linear)[:, 0], masks)
    assert worst_share(mean[None], linear) > 0.05


def test_even_interactions_do_not_reach_an_antithetic_regression() -> None:
    draws = few_draws(40, "balanced")
    regression = prepare_regression(draws, 0.5, is_antithetic=True)
    disturbed = scores_of(draws, lambda mask: linear(mask) + 50 * float((mask[1, 1] - 0.5) * (mask[7, 7] - 0.5)))
    np.testing.assert_allclose(
        regress_maps(disturbed, regression)[0], regress_maps(scores_of(draws, linear), regression)[0], atol=1e-5
    )
    plain = prepare_regression(draws, 0.5, is_antithetic=False)
    different = regress_maps(disturbed, plain)[0] - regress_maps(scores_of(draws, linear), plain)[0]
    assert np.abs(different).max() > 0.1


def test_references_do_not_see_each_other_and_offsets_do_not_matter() -> None:
    draws = few_draws(60, "independent")
    regression = prepare_regression(draws, 0.5, is_antithetic=False)
    scores = np.concatenate([scores_of(draws, linear), scores_of(draws, curved)], axis=1)
    both, shares = regress_maps(scores, regression)
    for number in range(2):
        alone, share = regress_maps(scores[:, [number]] + 100, regression)
        np.testing.assert_allclose(alone[0], both[number], rtol=1e-4, atol=1e-5)
        assert share[0] == shares[number]


def test_noise_is_met_by_a_larger_penalty() -> None:
    draws = few_draws(60, "balanced")
    regression = prepare_regression(draws, 0.5, is_antithetic=True)
    noise = np.random.default_rng(2).normal(size=(60, 1))
    assert regress_maps(noise, regression)[1][0] > RIDGE_SHARES[0]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("* ((1 - keep_probability) * variance_j)", "* (1 - keep_probability)"),
        ("weights_rjk[:, components[:, 0], components[:, 1]]", "weights_rjk[:, components[:, 1], components[:, 0]]"),
        ("axes.T @ masks_nyx @ axes", "axes.T @ masks_nyx.transpose(1, 2) @ axes"),
        ("/ regression.singular_r[:, None] * projected_rk", "* projected_rk"),
    ],
)
def test_broken_copies_are_found_out(line: str, instead: str, tmp_path: Path) -> None:
    broken = broken_copy(score_regression, tmp_path, line, instead)
    draws = draws_of(*exact_rise.every_mask(CELLS, CELL_PX, SIZE_PX))
    maps, _ = broken.regress_maps(scores_of(draws, linear), broken.prepare_regression(draws, 0.5, False))
    assert worst_share(maps, linear) > 0.01
