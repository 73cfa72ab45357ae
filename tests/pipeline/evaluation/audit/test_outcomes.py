import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.oracles.audit as oracle
from pipeline.errors import BadDataset
from pipeline.evaluation.audit import outcomes as audit
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.explanation.answer.naming import named_among
from tests.pipeline.evaluation.audit_cases import FLOOR, as_triples, make_names, make_truth
from tests.pipeline.evaluation.broken_copy import broken_copy


def compare_with_oracle(module):
    truth = make_truth(0)
    names = make_names(0, truth)
    outcomes = module.audit_outcomes(truth, names)
    n_defined = 0
    for p, (delta, present, named) in enumerate(as_triples(truth, names)):
        assert outcomes.eligible_p[p] == oracle.is_eligible(delta, present, FLOOR)
        assert outcomes.absent_p[p] == (named < 0 or not present[named])
        assert outcomes.effect_p[p] == oracle.named_effect(delta, present, named)
        effects = oracle.present_effects(delta, present)
        if not effects:
            assert np.isnan([outcomes.best_p[p], outcomes.mean_p[p], outcomes.hit_p[p]]).all()
            continue
        n_defined += 1
        assert outcomes.best_p[p] == max(effects)
        assert outcomes.mean_p[p] == pytest.approx(sum(effects) / len(effects), abs=1e-12)
        assert outcomes.hit_p[p] == oracle.hit(delta, present, named)
        assert outcomes.used_p[p] == (oracle.named_effect(delta, present, named) > FLOOR)
    assert n_defined > 30


def test_outcomes_are_the_definitions():
    compare_with_oracle(audit)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("truth.delta_pa, -np.inf).max(axis=1, initial=-np.inf)", "-truth.delta_pa, -np.inf).max(axis=1)"),
        ("effect_p >= HIT_SHARE * best_p)", "effect_p > best_p)"),
        ("effect_p >= HIT_SHARE * best_p)", "HIT_SHARE * effect_p >= best_p)"),
        ("effect_p > truth.floor)", "effect_p >= 0)"),
        ("best_present_effects(truth) > truth.floor", "mean_present_effects(truth) > truth.floor"),
        ("present_p, truth.delta_pa[pairs, named_p], 0.0", "True, truth.delta_pa[pairs, named_p], 0.0"),
        ("& (named_p != NOTHING_NAMED)", "& (named_p != 0)"),
        ("absent_p=1.0 - present_p", "absent_p=1.0 * present_p"),
        ("return truth.present_pa & ~np.isnan(truth.delta_pa)", "return ~np.isnan(truth.delta_pa)"),
        ("counts = candidates.sum(axis=1)", "counts = candidates.sum(axis=1) + 1"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(audit, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_the_floor_is_the_99th_percentile_but_at_least_two_hundredths():
    assert audit.effect_floor(np.array([[0.001, -0.01], [np.nan, 0.0]])) == 0.02
    assert audit.effect_floor(np.array([])) == 0.02
    effects = -np.linspace(0, 1, 101)
    assert audit.effect_floor(effects) == pytest.approx(0.99)


def test_angles_are_positive_for_a_drop_and_resolve_scores_near_one():
    before, after = np.array([1.0, np.cos(0.1), 1 + 1e-9]), np.array([np.cos(0.3), 1.0, 1.0])
    np.testing.assert_allclose(audit.effects_as_angles(before, after), [0.3, -0.1, 0.0], atol=1e-7)


def test_the_oracle_hits_and_regrets_nothing():
    truth = make_truth(2)
    outcomes = audit.oracle_outcomes(truth)
    eligible = outcomes.eligible_p
    np.testing.assert_array_equal(outcomes.effect_p[eligible], outcomes.best_p[eligible])
    assert outcomes.hit_p[eligible].all()
    assert outcomes.used_p[eligible].all()
    assert not outcomes.absent_p[eligible].any()


def test_random_present_is_the_mean_over_every_name_it_may_give():
    truth = make_truth(3)
    expected = audit.random_present_outcomes(truth)
    candidates = truth.present_pa & ~np.isnan(truth.delta_pa)
    for p in np.flatnonzero(expected.eligible_p):
        rows = np.flatnonzero(candidates[p])
        row = TrueEffects(truth.delta_pa[[p] * rows.size], truth.present_pa[[p] * rows.size], FLOOR)
        each = audit.audit_outcomes(row, rows)
        assert expected.effect_p[p] == pytest.approx(each.effect_p.mean())
        assert expected.hit_p[p] == pytest.approx(each.hit_p.mean())
        assert expected.used_p[p] == pytest.approx(each.used_p.mean())
    assert expected.eligible_p.any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000))
def test_permuting_pairs_permutes_outcomes_and_permuting_attributes_changes_none(seed):
    truth = make_truth(seed)
    names = make_names(seed, truth)
    rng = np.random.default_rng(seed)
    pairs, attributes = rng.permutation(len(names)), rng.permutation(truth.delta_pa.shape[1])
    moved = TrueEffects(truth.delta_pa[pairs][:, attributes], truth.present_pa[pairs][:, attributes], truth.floor)
    renamed = np.where(names < 0, -1, np.argsort(attributes)[names])[pairs]
    one, other = audit.audit_outcomes(truth, names), audit.audit_outcomes(moved, renamed)
    for field in ("effect_p", "best_p", "hit_p", "used_p", "absent_p", "eligible_p"):
        np.testing.assert_array_equal(getattr(other, field), getattr(one, field)[pairs])


def test_absences_are_counted_by_size_whatever_their_sign():
    delta = np.array([[0.1, -0.3], [0.1, 0.05], [0.2, -0.2], [np.nan, 0.1], [np.nan, np.nan]])
    present = np.array([[True, False]] * 5)
    shares = audit.largest_effect_is_absence(TrueEffects(delta, present, FLOOR))
    np.testing.assert_array_equal(shares, [1, 0, 0, 1, np.nan])


def test_the_top_present_attribute_is_named_and_nothing_where_none_is_present():
    scores = np.array([[0.9, 0.2, 0.2], [np.nan, -np.inf, 0.5], [1.0, 2.0, 3.0], [np.nan, 1.0, 1.0]])
    present = np.array([[False, True, True], [True, True, False], [False] * 3, [True, False, False]])
    assert named_among(scores, present).tolist() == [1, 1, -1, -1]
    assert named_among(scores[:, :0], present[:, :0]).tolist() == [-1] * 4


def test_the_best_constant_has_the_least_regret_of_all_constants():
    truth = make_truth(5)
    named = audit.best_constant_attribute(truth)
    eligible = [
        (delta, present, 0)
        for delta, present, _ in as_triples(truth, np.zeros(40, dtype=int))
        if oracle.is_eligible(delta, present, FLOOR)
    ]

    def regret(attribute):
        # An impossible edit counts 0 here, as the constant's choice does.
        filled = [
            ([x or 0.0 for x in d], [s and x is not None for s, x in zip(s_, d, strict=True)], attribute)
            for d, s_, _ in eligible
        ]
        return oracle.regret(filled)

    assert named == min(range(7), key=regret)


def test_a_present_name_that_cannot_be_edited_is_left_undefined():
    truth = TrueEffects(np.array([[np.nan, 0.2]]), np.array([[True, True]]), FLOOR)
    outcomes = audit.audit_outcomes(truth, np.array([0]))
    assert np.isnan([outcomes.effect_p, outcomes.hit_p, outcomes.used_p]).all()
    assert (outcomes.absent_p, outcomes.eligible_p) == (0.0, True)


def test_bad_names_and_an_audit_without_effects_are_refused():
    truth = make_truth(0)
    for names in (np.zeros(39, dtype=int), np.full(40, 7), np.full(40, -2)):
        with pytest.raises(BadDataset):
            audit.audit_outcomes(truth, names)
    with pytest.raises(BadDataset, match="driver"):
        audit.best_constant_attribute(TrueEffects(truth.delta_pa * 0, truth.present_pa, FLOOR))
