"""Relevance mass and rank accuracy against loops, on exact cases, and as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.map_protocols import positive_mass, relevance
from tests.pipeline.evaluation.broken_copy import broken_copy

MAPS = arrays(np.float64, (4, 5), elements=st.floats(-2, 2, width=16))
REGIONS = arrays(np.bool_, (4, 5))


def compare_with_oracle(mass=positive_mass, module=relevance):
    rng = np.random.default_rng(0)
    for _ in range(20):
        # Few levels, so that pixels tie; negative ones among them.
        saliency, region = rng.integers(-2, 4, (3, 4)).astype(float), rng.random((3, 4)) < 0.4
        region[0, 0] = True
        saliency[1, 1] = 2.5
        expected = oracle.mass(saliency, region)
        assert mass.masses_in_regions(saliency, region[None])[0] == pytest.approx(expected, abs=1e-12)
        assert relevance.relevance_mass_accuracy(saliency, region) == pytest.approx(expected, abs=1e-12)
        assert module.relevance_rank_accuracy(saliency, region) == pytest.approx(
            oracle.rank_accuracy(saliency, region), abs=1e-12
        )


def test_both_are_the_definitions():
    compare_with_oracle()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.where(values > 0, values, 0.0)", "np.abs(values)"),
        ("np.where(values > 0, values, 0.0)", "values - values.min()"),
        ("np.where(regions_ahw, shares_hw, 0.0)", "np.where(regions_ahw, 1 / shares_hw.size, 0.0)"),
    ],
)
def test_a_broken_mass_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(positive_mass, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(mass=broken)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("values.size - k)[values.size - k]", "k)[k]"),
        ("places_left * float(region_hw[tied].mean())", "float((tied & region_hw).sum())"),
        ("above & region_hw", "above"),
    ],
)
def test_a_broken_rank_accuracy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(relevance, tmp_path, right, wrong)
    with pytest.raises((AssertionError, ValueError)):
        compare_with_oracle(module=broken)


def test_the_region_itself_is_a_perfect_map_and_its_opposite_the_worst():
    region = np.zeros((6, 6), dtype=bool)
    region[1:3, 2:5] = True
    for measure in (relevance.relevance_mass_accuracy, relevance.relevance_rank_accuracy):
        assert measure(region.astype(float), region) == 1
        assert measure((~region).astype(float), region) == 0
        # A constant map knows nothing: the region's share of the image.
        assert measure(np.ones((6, 6)), region) == pytest.approx(region.mean())


def test_what_cannot_be_measured_is_nan():
    nothing, one = np.zeros((2, 2), dtype=bool), np.array([[True, False], [False, False]])
    for measure in (relevance.relevance_mass_accuracy, relevance.relevance_rank_accuracy):
        assert np.isnan(measure(np.ones((2, 2)), nothing))
        assert np.isnan(measure(np.full((2, 2), np.nan), one))
    assert np.isnan(relevance.relevance_mass_accuracy(-np.ones((2, 2)), one))
    assert relevance.relevance_rank_accuracy(-np.ones((2, 2)), one) == 0.25


@given(MAPS, REGIONS, st.floats(0.1, 10))
def test_both_are_shares_and_do_not_depend_on_scale(saliency, region, scale):
    for measure in (relevance.relevance_mass_accuracy, relevance.relevance_rank_accuracy):
        value = measure(saliency, region)
        assert np.isnan(value) or -1e-12 <= value <= 1 + 1e-12
        assert measure(saliency * 2.0 ** round(np.log2(scale)), region) == pytest.approx(value, nan_ok=True)


@given(MAPS, REGIONS)
def test_a_region_and_what_is_outside_share_the_mass(saliency, region):
    inside, outside = positive_mass.masses_in_regions(saliency, np.stack([region, ~region]))
    assert np.isnan(inside) or inside + outside == pytest.approx(1)
