"""Mean curves: their normalisation, and bands that know of queries."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import clustered_interval
from pipeline.report import curves
from pipeline.report.curves import mean_curve, normalised_curves
from tests.pipeline.evaluation.broken_copy import broken_copy


def make_scores(n_pairs=60, steps=11):
    rng = np.random.default_rng(3)
    return 0.3 + rng.normal(0, 0.2, (n_pairs, steps)).cumsum(axis=1)


def check_normalisation(module):
    scores = make_scores()
    scores[0] = 0.7 + np.linspace(0, 5e-5, 11)
    found = module.normalised_curves(scores)
    assert (found[0] == 0.5).all()
    for row, curve in zip(scores[1:], found[1:], strict=True):
        expected = [(value - min(row)) / (max(row) - min(row)) for value in row]
        assert curve == pytest.approx(expected)


def test_curves_run_from_their_minimum_to_their_maximum():
    check_normalisation(curves)


@pytest.mark.parametrize(
    ("right", "wrong"), [("- lowest_p1) /", ") /"), ("FLAT_RANGE = 1e-4", "FLAT_RANGE = 1e-5"), ("0.5, (", "0.0, (")]
)
def test_a_broken_normalisation_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_normalisation(broken_copy(curves, tmp_path, right, wrong))


def test_the_band_agrees_with_the_bootstrap_of_the_tables():
    scores = make_scores(n_pairs=400)
    clusters = np.arange(400) // 5
    # Pairs of a query are alike, so that a band which ignored queries would be far too narrow.
    scores = scores[clusters * 5]
    curve = mean_curve(normalised_curves(scores), clusters)
    step = 5
    interval = clustered_interval(normalised_curves(scores)[:, step], clusters, seed=0, samples=4000)
    assert curve.mean_t[step] == pytest.approx(interval.value)
    width = interval.high - interval.low
    assert curve.high_t[step] - curve.low_t[step] == pytest.approx(width, rel=0.08)
    alone = mean_curve(normalised_curves(scores), np.arange(400))
    assert alone.high_t[step] - alone.low_t[step] < 0.6 * width


def test_one_query_has_no_band():
    curve = mean_curve(make_scores(5), np.zeros(5, dtype=np.int64))
    assert np.isnan(curve.low_t).all()
    assert np.isfinite(curve.mean_t).all()
