import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

import tests.oracles.audit as oracle
from pipeline.evaluation.audit import rank_agreement as audit_ranks
from tests.pipeline.evaluation.audit_cases import make_truth
from tests.pipeline.evaluation.broken_copy import broken_copy


def compare_with_oracle(module):
    truth = make_truth(0)
    scores = np.round(np.random.default_rng(1).normal(size=truth.delta_pa.shape), 1)
    scores[0, :2] = np.nan
    result = module.rank_agreement(scores, truth.delta_pa, truth.present_pa)
    kept = truth.present_pa & ~np.isnan(truth.delta_pa + scores)
    for p in range(len(result)):
        expected = oracle.kendall_tau_b(scores[p, kept[p]].tolist(), truth.delta_pa[p, kept[p]].tolist())
        np.testing.assert_allclose(result[p], np.nan if expected is None else expected, atol=1e-12)


def test_rank_agreement_is_the_definition_and_scipys():
    compare_with_oracle(audit_ranks)
    rng = np.random.default_rng(2)
    scores, delta = rng.integers(0, 4, size=(20, 8)), rng.normal(size=(20, 8))
    result = audit_ranks.rank_agreement(scores, delta, np.ones((20, 8), dtype=bool))
    expected = [kendalltau(s, d).statistic for s, d in zip(scores, delta, strict=True)]
    np.testing.assert_allclose(result, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("values[:, :, None] - values[:, None, :]", "np.abs(values[:, :, None] - values[:, None, :])"),
        ("np.sqrt(untied)", "np.sqrt(untied) + 1"),
        ("(delta_sign**2).sum(axis=(1, 2))", "(score_sign**2).sum(axis=(1, 2))"),
        ("kept_pa[rows, :, None] & kept_pa[rows, None, :]", "kept_pa[rows, :, None]"),
        ("(delta_pa[rows], comparable)", "(-delta_pa[rows], comparable)"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(audit_ranks, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_blocks_do_not_change_the_agreement(monkeypatch):
    truth = make_truth(1)
    whole = audit_ranks.rank_agreement(truth.delta_pa**2, truth.delta_pa, truth.present_pa)
    monkeypatch.setattr(audit_ranks, "_ELEMENTS_PER_BLOCK", 150)
    blocked = audit_ranks.rank_agreement(truth.delta_pa**2, truth.delta_pa, truth.present_pa)
    np.testing.assert_array_equal(whole, blocked)


def test_spearman_within_pairs_is_scipys_where_it_is_defined():
    truth = make_truth(3)
    values = np.round(np.random.default_rng(3).normal(size=truth.delta_pa.shape), 1)
    result = audit_ranks.spearman_within_pairs(values, truth.delta_pa, truth.present_pa)
    kept = truth.present_pa & ~np.isnan(truth.delta_pa)
    n_compared = 0
    for p in range(len(result)):
        v, d = values[p, kept[p]], truth.delta_pa[p, kept[p]]
        if np.unique(v).size < 2 or np.unique(d).size < 2:
            assert np.isnan(result[p])
            continue
        n_compared += 1
        assert result[p] == pytest.approx(spearmanr(v, d).statistic, abs=1e-12)
    assert n_compared > 20


def test_validity_recovers_a_planted_bias_and_slope_on_distance():
    rng = np.random.default_rng(4)
    delta, distance = rng.normal(size=(200, 5)), rng.uniform(0.2, 1.0, size=(200, 5))
    drop = delta + 0.05 + 2.0 * (distance - distance.mean())
    drop[rng.random(drop.shape) < 0.1] = np.nan
    validity = audit_ranks.replacement_validity(drop, delta, distance, np.arange(200), seed=0, samples=100)
    assert validity.distance_slope.value == pytest.approx(2.0, abs=1e-2)
    assert validity.bias.low < 0.05 < validity.bias.high
    assert 0.5 < validity.rank_agreement.value < 1
    exact = audit_ranks.replacement_validity(delta, delta, distance, np.arange(200), seed=0, samples=10)
    assert exact.rank_agreement.value == pytest.approx(1.0)
    assert (exact.bias.value, exact.distance_slope.value) == (0.0, 0.0)


def test_validity_without_known_distances_has_no_slope():
    delta = np.random.default_rng(5).normal(size=(6, 4))
    validity = audit_ranks.replacement_validity(delta, delta, delta * np.nan, np.arange(6), seed=0, samples=10)
    assert np.isnan(validity.distance_slope.value)
