"""The Gini index: twice the definition, in another form, and its two ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.errors import BadDataset
from pipeline.evaluation.map_protocols import sparseness
from tests.pipeline.evaluation.broken_copy import broken_copy

MAPS = arrays(np.float64, (4, 5), elements=st.floats(-2, 2, width=16))


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    for saliency in (rng.normal(size=(5, 6)), rng.integers(-2, 3, (5, 6)).astype(float), np.zeros((2, 2))):
        assert module.gini_index(saliency) == pytest.approx(oracle.gini(saliency), abs=1e-12)


def test_it_is_the_mean_difference_of_two_pixels():
    compare_with_oracle(sparseness)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.sort(np.abs(", "np.abs(("),
        ("np.abs(np.asarray(map_hw, dtype=np.float64))", "np.asarray(map_hw, dtype=np.float64)"),
        ("+ 0.5) / n", "+ 1) / n"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(sparseness, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_a_flat_map_has_none_and_a_single_pixel_all_but_its_own_share():
    single = np.zeros((10, 10))
    single[3, 4] = -2
    assert sparseness.gini_index(np.full((10, 10), 0.3)) == pytest.approx(0)
    assert sparseness.gini_index(single) == pytest.approx(0.99)
    with pytest.raises(BadDataset, match="1 that are not"):
        sparseness.gini_index(np.array([[np.nan, 1.0]]))


@given(MAPS, st.sampled_from([0.25, -1.0, 8.0]))
def test_it_depends_neither_on_scale_and_sign_nor_on_places(saliency, scale):
    value = sparseness.gini_index(saliency)
    assert -1e-9 <= value < 1
    assert sparseness.gini_index(scale * saliency[::-1].T) == pytest.approx(value, abs=1e-9)
