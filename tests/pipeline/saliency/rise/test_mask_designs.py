"""Grids of RISE masks: independent draws and the balanced design."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.rise.mask_designs import balanced_grids, independent_grids


def test_independent_grids_keep_cells_with_their_probability_and_grow_by_appending() -> None:
    grids = independent_grids(3, 4000, 8, 0.3)
    assert abs(grids.mean() - 0.3) < 0.005
    np.testing.assert_array_equal(independent_grids(3, 10, 8, 0.3), grids[:10])


@pytest.mark.parametrize("masks", [2, 64, 400, 1000])
def test_the_second_half_are_the_complements_of_the_first(masks: int) -> None:
    grids = balanced_grids(1, masks, 8, 0.5)
    assert grids.shape == (masks, 8, 8)
    np.testing.assert_array_equal(grids[masks // 2 :], ~grids[: masks // 2])
    # So every cell is kept by exactly half of the masks.
    assert (grids.sum(axis=0) == masks // 2).all()


def test_a_full_set_of_rows_balances_every_pair_of_cells() -> None:
    signs = 2.0 * balanced_grids(5, 2 * 128, 8, 0.5)[:128].reshape(128, 64) - 1
    np.testing.assert_array_equal(signs.T @ signs, 128 * np.eye(64))
    drawn = 2.0 * independent_grids(5, 128, 8, 0.5).reshape(128, 64) - 1
    assert np.abs(drawn.T @ drawn - 128 * np.eye(64)).max() > 10


def test_part_of_the_rows_is_nearer_to_balance_than_draws_are() -> None:
    def imbalance(grids: np.ndarray) -> float:
        signs = 2.0 * grids.reshape(len(grids), 64) - 1
        products = signs.T @ signs / len(signs)
        return float(np.square(products - np.eye(64)).mean())

    assert imbalance(balanced_grids(2, 400, 8, 0.5)[:200]) < 0.5 * imbalance(independent_grids(2, 200, 8, 0.5))


def test_seeds_give_other_grids_and_one_seed_the_same() -> None:
    np.testing.assert_array_equal(balanced_grids(1, 100, 8, 0.5), balanced_grids(1, 100, 8, 0.5))
    assert (balanced_grids(1, 100, 8, 0.5) != balanced_grids(2, 100, 8, 0.5)).any()


@pytest.mark.parametrize(("masks", "probability"), [(401, 0.5), (400, 0.4), (0, 0.5)])
def test_what_has_no_complement_is_refused(masks: int, probability: float) -> None:
    with pytest.raises(BadSetting, match="an even number of masks and keep_probability 0.5"):
        balanced_grids(0, masks, 8, probability)
