"""The masses of parts against their effects: loops, exact cases and properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.map_protocols import part_masses
from tests.pipeline.evaluation.broken_copy import broken_copy

# Three parts of a 6 x 6 image: the first two overlap.
REGIONS = np.zeros((3, 6, 6), dtype=bool)
REGIONS[0, :2, :3] = True
REGIONS[1, 1:4, :3] = True
REGIONS[2, 4:, 4:] = True


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    for _ in range(20):
        masses, effects = rng.integers(0, 4, 6).astype(float), rng.integers(0, 5, 6).astype(float)
        masses[:2], effects[:3] = (0, 3), (0, 4, np.nan)
        known = np.isfinite(effects)
        expected = oracle.spearman(masses[known].tolist(), effects[known].tolist())
        assert module.mass_rank_correlation(masses, effects) == pytest.approx(expected, abs=1e-12)
        saliency, effects = rng.normal(size=(6, 6)), rng.normal(0, 0.1, 3)
        effects[rng.integers(3)] = 0.0
        idle = oracle.idle_pixels(REGIONS, effects.tolist(), 0.08)
        measured = module.mass_without_effect(saliency, REGIONS, effects, 0.08)
        expected = oracle.mass(saliency, idle) if np.any(idle) else np.nan
        assert measured == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_both_are_the_definitions():
    compare_with_oracle(part_masses)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.corrcoef(rankdata(masses), rankdata(effects))", "np.corrcoef(masses, effects)"),
        ("rankdata(masses), rankdata", "rankdata(masses, method='ordinal'), rankdata"),
        ("sizes_a = np.abs(effect_a)", "sizes_a = effect_a"),
        (" & ~regions_ahw[sizes_a > floor].any(axis=0)", ""),
        ("sizes_a <= floor", "sizes_a < 0"),
    ],
)
def test_a_broken_copy_is_noticed(tmp_path, right, wrong):
    broken = broken_copy(part_masses, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_a_map_in_the_order_of_the_effects_has_one_and_in_reverse_minus_one():
    effects = np.array([0.1, 0.5, 0.02])
    assert part_masses.mass_rank_correlation(np.array([0.3, 0.4, 0.1]), effects) == pytest.approx(1)
    assert part_masses.mass_rank_correlation(np.array([0.3, 0.1, 0.4]), effects) == pytest.approx(-1)
    assert part_masses.mass_rank_correlation(np.array([0.2, 0.2, 0.2]), effects) == 0


def test_mass_on_an_idle_part_counts_all_and_under_a_used_one_not_at_all():
    effects = np.array([0.5, 0.0, 0.3])
    # The second part alone, without the pixels that it shares with the first.
    idle = REGIONS[1] & ~REGIONS[0]
    assert part_masses.mass_without_effect(idle.astype(float), REGIONS, effects, 0.02) == 1
    assert part_masses.mass_without_effect(REGIONS[0].astype(float), REGIONS, effects, 0.02) == 0


def test_what_cannot_be_measured_is_nan():
    assert np.isnan(part_masses.mass_rank_correlation(np.ones(2), np.array([0.1, 0.2])))
    assert np.isnan(part_masses.mass_rank_correlation(np.arange(3.0), np.full(3, 0.1)))
    assert np.isnan(part_masses.mass_rank_correlation(np.array([np.nan] * 3), np.arange(3.0)))
    # Every part has an effect.
    assert np.isnan(part_masses.mass_without_effect(np.ones((6, 6)), REGIONS, np.ones(3), 0.02))
    assert np.isnan(part_masses.mass_without_effect(-np.ones((6, 6)), REGIONS, np.zeros(3), 0.02))


@given(arrays(np.float64, 5, elements=st.floats(0, 1, width=16)), arrays(np.float64, 5, elements=st.floats(-1, 1)))
def test_only_the_order_of_masses_counts(masses, effects):
    found = part_masses.mass_rank_correlation(masses, effects)
    assert np.isnan(found) or -1 - 1e-12 <= found <= 1 + 1e-12
    assert part_masses.mass_rank_correlation(2 * masses + 3, effects) == pytest.approx(found, nan_ok=True)
