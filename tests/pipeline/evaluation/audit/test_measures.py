import numpy as np
import pytest

import tests.oracles.audit as oracle
from pipeline.evaluation.audit import measures as audit_tables
from pipeline.evaluation.audit import outcomes as audit
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.explanation.answer.naming import named_among
from tests.pipeline.evaluation.audit_cases import FLOOR, as_triples, make_names, make_truth
from tests.pipeline.evaluation.broken_copy import broken_copy

CLUSTERS = np.arange(40) // 3


def compare_with_oracle(module):
    truth = make_truth(0)
    names, constant = make_names(0, truth), np.full(40, 2)
    constant[np.isnan(truth.delta_pa[:, 2])] = -1
    measures = module.audit_measures(
        audit.audit_outcomes(truth, names),
        CLUSTERS,
        audit.audit_outcomes(truth, constant),
        seed=1,
        samples=50,
    )
    eligible = [t for t in as_triples(truth, names) if oracle.is_eligible(t[0], t[1], FLOOR)]
    constants = [t for t in as_triples(truth, constant) if oracle.is_eligible(t[0], t[1], FLOOR)]
    expected = {
        "hit_at_1": oracle.mean_of(lambda t: oracle.hit(*t), eligible),
        "used": oracle.mean_of(lambda t: oracle.named_effect(*t) > FLOOR, eligible),
        "normalised_regret": oracle.regret(eligible),
        "absent_naming": oracle.mean_of(lambda t: t[2] < 0 or not t[1][t[2]], eligible),
        "skill": 1 - oracle.regret(eligible) / oracle.regret(constants),
    }
    assert measures.keys() == expected.keys()
    for name, value in expected.items():
        assert measures[name].value == pytest.approx(value, abs=1e-12), name
        assert measures[name].low <= measures[name].value <= measures[name].high
        assert measures[name].n == len(eligible)


def test_measures_are_the_definitions():
    compare_with_oracle(audit_tables)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("np.where(outcomes.eligible_p, values_p, np.nan)", "values_p"),
        ("outcomes.best_p - outcomes.effect_p,", "outcomes.effect_p - outcomes.best_p,"),
        ("outcomes.best_p - outcomes.mean_p,", "outcomes.best_p,"),
        ("outcomes.effect_p - constant.effect_p,", "constant.effect_p - outcomes.effect_p,"),
        ("outcomes.best_p - constant.effect_p,", "outcomes.best_p - outcomes.mean_p,"),
        ("_mean_over_eligible(outcomes.hit_p, outcomes)", "_mean_over_eligible(outcomes.used_p, outcomes)"),
    ],
)
def test_the_comparison_notices_mistakes(tmp_path, right, wrong):
    broken = broken_copy(audit_tables, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_the_oracle_regrets_nothing_and_random_present_exactly_everything():
    truth = make_truth(4)
    best = audit_tables.audit_measures(audit.oracle_outcomes(truth), CLUSTERS, seed=0, samples=50)
    assert (best["normalised_regret"].value, best["normalised_regret"].high) == (0.0, 0.0)
    assert best["hit_at_1"].value == 1.0
    chance = audit_tables.audit_measures(audit.random_present_outcomes(truth), CLUSTERS, seed=0, samples=50)
    regret = chance["normalised_regret"]
    np.testing.assert_allclose((regret.value, regret.low, regret.high), 1.0)


def test_drawn_random_names_regret_one_within_their_interval():
    covered = 0
    for seed in range(40):
        truth = make_truth(seed, n_pairs=300)
        chances = np.random.default_rng(seed).random(truth.delta_pa.shape)
        editable = ~np.isnan(truth.delta_pa) & truth.present_pa
        outcomes = audit.audit_outcomes(truth, named_among(chances, editable))
        measures = audit_tables.audit_measures(outcomes, np.arange(300) // 3, seed=seed, samples=200)
        regret = measures["normalised_regret"]
        covered += regret.low <= 1 <= regret.high
    assert 34 <= covered <= 40


def test_the_best_constant_has_no_skill_and_the_oracle_all_of_it():
    truth = make_truth(6)
    constant = audit.audit_outcomes(truth, np.full(40, audit.best_constant_attribute(truth)))
    own = audit_tables.audit_measures(constant, CLUSTERS, constant, seed=0, samples=50)
    assert own["skill"].value == 0.0
    best = audit_tables.audit_measures(audit.oracle_outcomes(truth), CLUSTERS, constant, seed=0, samples=50)
    assert best["skill"].value == pytest.approx(1.0)


def test_the_instruments_shares():
    delta = np.array([[0.1, -0.3], [0.1, 0.05], [0.01, 0.0], [np.nan, np.nan]])
    truth = TrueEffects(delta, np.array([[True, False]] * 4), FLOOR)
    shares = audit_tables.instrument_measures(truth, np.arange(4), seed=0, samples=20)
    assert shares["eligible_share"].value == 0.5
    assert shares["largest_effect_is_absence"].value == pytest.approx(1 / 3)
    assert (shares["eligible_share"].n, shares["largest_effect_is_absence"].n) == (4, 3)


def test_mean_effects_count_sizes_where_asked_only():
    delta = np.array([[0.1, -0.3], [-0.3, np.nan], [9.0, 0.1]])
    counted = np.array([[True, True], [True, True], [False, False]])
    intervals = audit_tables.mean_absolute_effects(delta, counted, np.arange(3), seed=0, samples=20)
    np.testing.assert_allclose([i.value for i in intervals], [0.2, 0.3])
    assert [i.n for i in intervals] == [2, 1]


def test_the_instrument_fails_for_drivers_below_the_floor_the_distractors_or_never_shown():
    means = np.array([0.5, 0.01, np.nan, 0.06, 0.0, 0.08, np.nan])
    is_driver = np.array([True, True, True, True, False, False, False])
    failures = audit_tables.driver_learned(means, is_driver, ~is_driver, FLOOR)
    assert [f.attribute for f in failures] == [1, 2, 3]
    assert all(f.threshold == pytest.approx(0.076) for f in failures)
    nothing = np.zeros(7, dtype=bool)
    failures = audit_tables.driver_learned(means, is_driver, nothing, FLOOR)
    assert [f.attribute for f in failures] == [1, 2]
    assert all(f.threshold == FLOOR for f in failures)
    assert audit_tables.driver_learned(means[:1], is_driver[:1], nothing[:1], FLOOR) == ()
