"""How much maps change with the reference, against scipy and where the answer is known."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipeline.area_pooling import pool_to_cells
from pipeline.errors import BadDataset
from pipeline.evaluation import reference_dependence
from pipeline.evaluation.reference_dependence import map_change_with_reference, map_changes, map_rank_correlations
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(5)
MAPS = RNG.normal(size=(4, 30, 30)).cumsum(axis=1).astype(np.float32)


def assert_is_scipys(change=map_change_with_reference) -> None:
    pooled = [pool_to_cells(one[None], 14)[0].ravel() for one in MAPS]
    expected = 1 - np.mean([spearmanr(one, other).statistic for one, other in combinations(pooled, 2)])
    assert change(MAPS) == pytest.approx(expected, abs=1e-9)


def test_it_is_scipys_mean_over_the_pairs_of_references() -> None:
    assert_is_scipys()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("MOST_CELLS = 14", "MOST_CELLS = 13"),
        ("k=1)].mean()", "k=0)].mean()"),
        ("ranks_kc = rankdata(cells_kc, axis=1)", "ranks_kc = cells_kc"),
        ("float(1 - correlations_kk", "float(correlations_kk"),
    ],
    ids=["other cells", "a map with itself", "values, not ranks", "agreement, not change"],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(reference_dependence, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_is_scipys(broken.map_change_with_reference)


def test_maps_that_rank_alike_do_not_change_and_opposite_ones_change_most() -> None:
    one = MAPS[0]
    alike = np.stack([one, 3 * one + 5, one])
    assert map_change_with_reference(alike) == pytest.approx(0, abs=1e-12)
    assert map_change_with_reference(np.stack([one, -one])) == pytest.approx(2)
    unrelated = RNG.normal(size=(30, 14, 14))
    assert map_change_with_reference(unrelated) == pytest.approx(1, abs=0.02)


def assert_changes_are_of_each_map(changes=map_changes) -> None:
    one, other = MAPS[:2]
    between = map_change_with_reference(np.stack([one, other]))
    # Of three maps two are alike: each of these differs from one of its two others, the third from both.
    np.testing.assert_allclose(changes(np.stack([one, other, one])), [between / 2, between, between / 2], atol=1e-12)
    assert changes(MAPS).mean() == pytest.approx(map_change_with_reference(MAPS), abs=1e-12)


def test_each_map_has_a_change_of_its_own_and_their_mean_is_the_querys() -> None:
    assert_changes_are_of_each_map()
    assert np.isnan(map_changes(MAPS[:1])).tolist() == [True]
    assert map_changes(MAPS[:0]).shape == (0,)


def test_changes_of_each_map_that_count_the_map_itself_are_noticed(tmp_path: Path) -> None:
    broken = broken_copy(reference_dependence, tmp_path, "np.fill_diagonal(correlations_kk, 0)", "pass")
    with pytest.raises(AssertionError):
        assert_changes_are_of_each_map(broken.map_changes)


def test_one_reference_says_nothing() -> None:
    assert np.isnan(map_change_with_reference(MAPS[:1]))
    assert np.isnan(map_change_with_reference(MAPS[:0]))


def test_flat_maps_agree_with_each_other_alone() -> None:
    # Sides that no number of cells divides: pooling a flat map would leave rounding for ranks to find.
    flat, structured = np.full((23, 23), 0.1, np.float32), RNG.normal(size=(23, 23)).astype(np.float32)
    maps = np.stack([flat, 7 * flat, structured])
    expected = [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(map_rank_correlations(maps, maps), expected, atol=1e-12)
    assert map_change_with_reference(maps) == pytest.approx(2 / 3)


def test_equal_cells_are_ties_whatever_the_rounding_of_their_sums() -> None:
    maps = np.zeros((2, 112, 112), np.float32)
    maps[:, 40:60, 40:60] = 0.1
    maps[1, 80:, 80:] = 0.3
    cells = [pool_to_cells(one[None], 14).round(9).ravel() for one in maps]
    assert map_rank_correlations(maps, maps)[0, 1] == pytest.approx(spearmanr(*cells).statistic, abs=1e-12)


def test_maps_smaller_than_the_cells_keep_their_own() -> None:
    small = RNG.normal(size=(2, 4, 4))
    expected = spearmanr(small[0].ravel(), small[1].ravel()).statistic
    assert map_rank_correlations(small, small)[0, 1] == pytest.approx(expected)


@pytest.mark.parametrize("maps", [np.full((2, 3, 3), np.nan), np.zeros((2, 9))])
def test_empty_slots_and_other_shapes_are_refused(maps: np.ndarray) -> None:
    with pytest.raises(BadDataset, match="empty slots"):
        map_change_with_reference(maps)
