import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import tests.oracles.audit as oracle
from pipeline.evaluation.audit import localisation as audit_localisation
from tests.pipeline.evaluation.broken_copy import broken_copy


def compare_with_oracle(module):
    rng = np.random.default_rng(0)
    saliency, region = rng.integers(0, 5, size=(6, 7)).astype(float), rng.random((6, 7)) < 0.3
    expected = oracle.auroc(saliency.ravel().tolist(), region.ravel().tolist())
    assert module.map_auroc(saliency, region) == pytest.approx(expected, abs=1e-12)


def test_auroc_is_the_definition_and_sklearns():
    compare_with_oracle(audit_localisation)
    rng = np.random.default_rng(1)
    saliency, region = rng.random((9, 9)), rng.random((9, 9)) < 0.2
    expected = roc_auc_score(region.ravel(), saliency.ravel())
    assert audit_localisation.map_auroc(saliency, region) == pytest.approx(expected)
    assert audit_localisation.map_auroc(-saliency, region) == pytest.approx(1 - expected)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("rankdata(map_hw.ravel())", "rankdata(-map_hw.ravel())"),
        ("rankdata(map_hw.ravel())", "rankdata(map_hw.T.ravel())"),
        ("n_inside * (n_inside + 1) / 2", "n_inside * n_inside / 2"),
        ("rankdata(map_hw.ravel())", "rankdata(map_hw.ravel(), method='min')"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(audit_localisation, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_pointing_counts_the_peak_and_shares_ties():
    region = np.array([[True, False], [False, False]])
    assert audit_localisation.pointing_hit(np.array([[3.0, 1], [2, 0]]), region) == 1.0
    assert audit_localisation.pointing_hit(np.array([[1.0, 3], [2, 0]]), region) == 0.0
    assert audit_localisation.pointing_hit(np.array([[3.0, 3], [2, 0]]), region) == 0.5
    assert audit_localisation.pointing_hit(np.zeros((2, 2)), region) == 0.25


def check_measures(module):
    region = np.zeros((4, 4), dtype=bool)
    region[0, :2] = True
    found = module.localisation_measures(np.arange(16.0).reshape(4, 4), region)
    assert found == {"auroc": 0.0, "pointing_hit": 0.0, "region_share": 0.125}
    assert module.localisation_measures(-np.arange(16.0).reshape(4, 4), region)["pointing_hit"] == 1.0
    for share, left_out in ((0.0, np.zeros((4, 4), dtype=bool)), (0.875, ~region)):
        found = module.localisation_measures(np.ones((4, 4)), left_out)
        assert found == {"auroc": None, "pointing_hit": None, "region_share": share}
    assert module.localisation_measures(np.full((4, 4), np.nan), region)["auroc"] is None


def test_measures_are_none_where_the_region_is_not_scored(tmp_path):
    check_measures(audit_localisation)
    for right, wrong in (
        ("if scored_regions(np.array([share]))[0]:", "if True:"),
        ('"pointing_hit": pointing_hit(map_hw,', '"pointing_hit": pointing_hit(-map_hw,'),
        ("None if math.isnan(value) else value", "value"),
    ):
        with pytest.raises(AssertionError):
            check_measures(broken_copy(audit_localisation, tmp_path, right, wrong))


def test_undefined_regions_and_missing_maps_give_nan():
    saliency, nothing = np.zeros((2, 2)), np.zeros((2, 2), dtype=bool)
    one = nothing.copy()
    one[0, 0] = True
    assert np.isnan(audit_localisation.map_auroc(saliency, nothing))
    assert np.isnan(audit_localisation.map_auroc(saliency, ~nothing))
    assert np.isnan(audit_localisation.map_auroc(saliency * np.nan, one))
    assert np.isnan(audit_localisation.pointing_hit(saliency, nothing))
    assert np.isnan(audit_localisation.pointing_hit(saliency * np.nan, one))
    assert audit_localisation.map_auroc(saliency, one) == 0.5


def test_terciles_leave_out_empty_and_large_regions():
    shares = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.05, 0.6])
    assert audit_localisation.scored_regions(shares).tolist() == [False, *[True] * 6, False]
    assert audit_localisation.area_terciles(shares).tolist() == [-1, 0, 1, 1, 2, 2, 0, -1]
    assert audit_localisation.area_terciles(np.array([0.9])).tolist() == [-1]
