"""Does mass follow the reference? Loops, exact cases and properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.map_protocols import target_sensitivity
from tests.pipeline.evaluation.broken_copy import broken_copy

REGION, OTHER = np.zeros((2, 5, 5), dtype=bool)
REGION[:2, :3] = True
OTHER[1:4, :4] = True


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    for _ in range(10):
        first, second = rng.normal(size=(2, 5, 5))
        expected = oracle.moved(first, second, REGION.tolist(), OTHER.tolist())
        assert module.moved_mass(first, second, REGION, OTHER) == pytest.approx(expected, abs=1e-12)


def test_it_is_the_definition():
    compare_with_oracle(target_sensitivity)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.stack([region_hw, other_region_hw])", "np.stack([region_hw, region_hw])"),
        (" - (second[0] - second[1])", ""),
        ("(second[0] - second[1])", "(second[1] - second[0])"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(target_sensitivity, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_maps_that_are_their_own_regions_move_all_their_mass():
    own, other = (REGION & ~OTHER).astype(float), (OTHER & ~REGION).astype(float)
    assert target_sensitivity.moved_mass(own, other, REGION, OTHER) == pytest.approx(2)
    assert target_sensitivity.moved_mass(other, own, REGION, OTHER) == pytest.approx(-2)
    assert target_sensitivity.moved_mass(own, own, REGION, OTHER) == 0


def test_right_wrong_and_unmoved():
    assert [target_sensitivity.is_right_move(moved) for moved in (0.3, -0.3, 0.0, 1e-12)] == [1, 0, 0.5, 0.5]
    assert np.isnan(target_sensitivity.is_right_move(float("nan")))


def test_what_cannot_be_measured_is_nan():
    inside = REGION.copy()
    inside[0, 0] = False
    # The second region has no pixel of its own.
    assert np.isnan(target_sensitivity.moved_mass(np.ones((5, 5)), np.ones((5, 5)), REGION, inside))
    assert np.isnan(target_sensitivity.moved_mass(-np.ones((5, 5)), np.ones((5, 5)), REGION, OTHER))


@given(*[arrays(np.float64, (5, 5), elements=st.floats(0.125, 4, width=16))] * 2)
def test_swapping_both_references_and_regions_changes_nothing_and_one_of_them_the_sign(first, second):
    moved = target_sensitivity.moved_mass(first, second, REGION, OTHER)
    assert target_sensitivity.moved_mass(second, first, OTHER, REGION) == pytest.approx(moved, abs=1e-12)
    assert target_sensitivity.moved_mass(second, first, REGION, OTHER) == pytest.approx(-moved, abs=1e-12)
