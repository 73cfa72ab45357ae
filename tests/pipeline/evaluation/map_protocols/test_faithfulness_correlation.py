"""Saliency removed against drops of the score: loops, exact cases, and what is removed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.map_protocols import faithfulness_correlation as module
from tests.pipeline.evaluation.broken_copy import broken_copy

REMOVED = module.held_out_removals("q", 0, 12, 16)


def compare_with_oracle(tested):
    rng = np.random.default_rng(0)
    for _ in range(5):
        saliency, drops = rng.normal(size=(16, 16)), rng.normal(size=12)
        masses = [oracle.removed_saliency(saliency, removed) for removed in REMOVED]
        found = tested.faithfulness_correlation(saliency, REMOVED, drops)
        assert found == pytest.approx(oracle.pearson(masses, drops.tolist()), abs=1e-12)


def test_it_is_the_correlation_of_what_is_removed_with_the_drop():
    compare_with_oracle(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("removed_nhw.reshape(", "(~removed_nhw).reshape("),
        ("@ values.ravel()", "@ np.abs(values).ravel()"),
        ("@ values.ravel()", "@ values.T.ravel()"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_a_score_that_is_a_sum_over_pixels_is_explained_by_its_weights():
    weights = np.random.default_rng(1).normal(size=(16, 16))
    drops = (REMOVED * weights).sum(axis=(1, 2))
    assert module.faithfulness_correlation(weights, REMOVED, drops) == pytest.approx(1)
    assert module.faithfulness_correlation(-weights, REMOVED, drops) == pytest.approx(-1)
    # As many pixels go each time, so that an offset explains nothing and spoils nothing.
    assert module.faithfulness_correlation(weights + 7, REMOVED, drops) == pytest.approx(1)
    assert module.faithfulness_correlation(np.full((16, 16), 0.1), REMOVED, drops) == 0
    assert np.isnan(module.faithfulness_correlation(weights, REMOVED, np.full(12, 0.3)))


def test_half_of_the_cells_go_and_whole_cells_only():
    assert REMOVED.shape == (12, 16, 16)
    cells = REMOVED.reshape(12, 8, 2, 8, 2)
    assert (cells.all(axis=(2, 4)) == cells.any(axis=(2, 4))).all()
    assert (cells.all(axis=(2, 4)).sum(axis=(1, 2)) == 32).all()
    # Sides that eight does not divide: every pixel belongs to a cell, and cells to a grid.
    odd = module.held_out_removals("q", 0, 12, 18)
    assert odd.shape == (12, 18, 18)
    assert len(np.unique(odd, axis=1)[0]) <= 18
    assert 0.3 < odd.mean() < 0.7


def test_removals_belong_to_query_and_seed_and_fewer_are_the_first_of_more():
    assert np.array_equal(module.held_out_removals("q", 0, 5, 16), REMOVED[:5])
    for other in (module.held_out_removals("r", 0, 12, 16), module.held_out_removals("q", 1, 12, 16)):
        assert not np.array_equal(other, REMOVED)


@given(arrays(np.float64, (16, 16), elements=st.floats(-1, 1, width=16)))
def test_it_is_a_correlation_and_scale_does_not_matter(saliency):
    drops = np.arange(12.0)
    found = module.faithfulness_correlation(saliency, REMOVED, drops)
    assert -1 - 1e-9 <= found <= 1 + 1e-9
    assert module.faithfulness_correlation(4 * saliency, REMOVED, drops) == pytest.approx(found, abs=1e-9)
