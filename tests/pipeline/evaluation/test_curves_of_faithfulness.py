"""Areas of curves whose areas are known, and in which direction they move."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluation.curves import anchored_auc, curve_measures


def test_known_areas():
    assert curve_measures(np.linspace(0.2, 0.8, 101)) == (pytest.approx(0.5), False)
    assert curve_measures(np.r_[0.0, np.ones(100)])[0] == pytest.approx(0.995)
    assert curve_measures(np.r_[0.5, np.full(100, 0.5 + 9e-5)]) == (0.5, True)
    assert anchored_auc(np.linspace(0.2, 0.8, 101), 0.2, 0.8) == pytest.approx(0.5)
    assert np.isnan(anchored_auc(np.zeros(101), 0.3, 0.319))
    # Unclipped: a curve above the full image's score has an area above 1.
    assert anchored_auc(np.full(101, 0.9), 0.0, 0.6) == pytest.approx(1.5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 99), st.floats(0.01, 1))
def test_raising_any_score_raises_the_anchored_area_which_the_papers_need_not(seed, step, rise):
    curve = np.random.default_rng(seed).normal(size=101)
    higher = curve.copy()
    higher[step] += rise
    assert anchored_auc(higher, 0.1, 0.7) > anchored_auc(curve, 0.1, 0.7)
    area, _ = curve_measures(curve)
    scaled, _ = curve_measures(3 * curve + 2)
    assert scaled == pytest.approx(area)
    assert 0 <= area <= 1


def test_the_papers_area_is_not_monotone():
    dip = np.linspace(0, 1, 101)
    deeper = dip.copy()
    deeper[1] = -4.0
    # The deeper dip is the worse curve, yet its area is the larger one; the anchored area is not fooled.
    assert curve_measures(deeper)[0] > curve_measures(dip)[0]
    assert anchored_auc(deeper, 0, 1) < anchored_auc(dip, 0, 1)
