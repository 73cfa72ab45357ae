"""The audit's rows from effects made by hand: outcomes pair by pair, figures of variants, and the instrument's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.audit import rows as module
from pipeline.evaluation.audit.answers import audited_answers
from pipeline.evaluation.audit.measures import audit_measures
from pipeline.evaluation.audit.outcomes import TrueEffects, audit_outcomes, best_constant_attribute
from pipeline.evaluation.audit.rows import AuditedPairs
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.audit_cases import FLOOR
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(3)
N_PAIRS, N_IMAGES = 24, 12
NAMES = ["body_colour:red", "shade:dark", "part:pocket"]
DRIVERS = np.array([True, False, True])
LABELS = RNG.random((N_IMAGES, 3)) < 0.6
# A query that has nothing: no attribute of its own can be named.
LABELS[2] = False
QUERIES, REFERENCES = np.arange(N_PAIRS) // 4, np.arange(N_PAIRS) % 5 + 6
PAIRS = AuditedPairs(
    [f"p{n}" for n in range(N_PAIRS)],
    [f"i{n}" for n in range(N_IMAGES)],
    QUERIES,
    REFERENCES,
    QUERIES,
    LABELS[QUERIES] & LABELS[REFERENCES],
    NAMES,
    DRIVERS,
    ~DRIVERS,
)
PRESENT = LABELS[PAIRS.query_p]
# The first driver matters most, the last one not at all.
DELTA = np.where(PRESENT, RNG.uniform(0, 1, (N_PAIRS, 3)) * [0.5, 0.2, 0.001], 0.0)
TRUTH = TrueEffects(DELTA, PRESENT, FLOOR)
SCORES = {"classifier": RNG.random((N_PAIRS, 3)), "sane": np.tile([0.0, 1.0, 0.5], (N_PAIRS, 1))}
AUDITED = audited_answers(TRUTH, TRUTH, SCORES)
RESAMPLING = Resampling(2, 60)


def test_every_variant_answers_twice_and_the_bounds_once() -> None:
    twice = ["classifier", "classifier|present", "sane", "sane|present"]
    assert list(AUDITED.named) == twice
    assert list(AUDITED.outcomes) == ["oracle", "random_present", *twice]
    assert AUDITED.named["sane"].tolist() == [1] * N_PAIRS
    among_present = [int(np.argmax(np.where(row, [0.0, 1.0, 0.5], -1))) if row.any() else -1 for row in PRESENT]
    assert AUDITED.named["sane|present"].tolist() == among_present
    constant = audit_outcomes(TRUTH, np.full(N_PAIRS, best_constant_attribute(TRUTH)))
    np.testing.assert_array_equal(AUDITED.constant.effect_p, constant.effect_p)


def test_a_bound_stands_for_the_variant_that_draws_from_it() -> None:
    found = audited_answers(TRUTH, TRUTH, {**SCORES, "random_present": RNG.random((N_PAIRS, 3))})
    assert list(found.outcomes) == list(AUDITED.outcomes)
    expected = AUDITED.outcomes["random_present"].effect_p
    np.testing.assert_array_equal(found.outcomes["random_present"].effect_p, expected)
    assert "random_present" not in found.named


def assert_outcomes(tested=module) -> None:
    rows = tested.outcome_rows(AUDITED, PAIRS)
    assert [(row["variant"], row["pair_id"]) for row in rows] == [
        (variant, pair_id) for variant in AUDITED.named for pair_id in PAIRS.pair_ids
    ]
    for row in rows:
        pair = int(row["pair_id"][1:])
        named = AUDITED.named[row["variant"]][pair]
        assert row["query"] == f"i{pair // 4}"
        assert row["attribute"] == (NAMES[named] if named >= 0 else None)
        assert row["present"] == (named >= 0 and PRESENT[pair, named])
        assert row["effect"] == (DELTA[pair, named] if row["present"] else 0.0)
        assert row["eligible"] == bool(DELTA[pair].max() > FLOOR)
        assert row["used"] == (row["effect"] > FLOOR)


def test_outcomes_are_told_pair_by_pair() -> None:
    assert_outcomes()


def assert_instrument(tested=module) -> None:
    embeddings = RNG.normal(size=(N_IMAGES, 4))
    rows = tested.instrument_rows(TRUTH, PAIRS, embeddings, embeddings * 3, RESAMPLING)
    effects = {row["attribute"]: row for row in rows if row["metric"] == "mean_absolute_effect"}
    assert {name: row["variant"] for name, row in effects.items()} == {
        NAMES[0]: "driver",
        NAMES[1]: "distractor",
        NAMES[2]: "driver",
    }
    shared = PRESENT & LABELS[PAIRS.reference_p]
    assert effects[NAMES[0]]["value"] == pytest.approx(DELTA[shared[:, 0], 0].mean())
    assert effects[NAMES[1]]["value"] == pytest.approx(DELTA[PRESENT[:, 1], 1].mean())
    constants = {row["metric"]: row for row in rows if row["table_name"] == "audit_instrument"}
    unlearned = constants["drivers_not_learned"]
    assert (unlearned["value"], unlearned["n"], unlearned["attribute"]) == (1, 2, NAMES[2])
    assert (constants["effect_floor"]["value"], constants["effect_floor"]["n"]) == (FLOOR, N_PAIRS)
    # Queries come before references here, so that none is swapped.
    assert (constants["swapped_pairs"]["value"], constants["swapped_pairs"]["n"]) == (0, N_PAIRS)
    assert constants["target_correlation"]["value"] == pytest.approx(1)
    assert constants["eligible_share"]["value"] == pytest.approx(np.mean(DELTA.max(axis=1) > FLOOR))


def test_the_instrument_names_the_driver_that_was_not_learned() -> None:
    assert_instrument()


def test_drivers_need_not_exceed_the_copies_of_drivers() -> None:
    # The distractor moves the score as much as a driver that it copies, so the last driver alone decides.
    weak = replace(PAIRS, is_driver_a=np.array([False, True, False]), is_distractor_a=np.array([True, False, True]))
    copied = replace(weak, is_distractor_a=np.array([False, False, True]))
    embeddings = RNG.normal(size=(N_IMAGES, 4))
    unlearned = [
        next(
            row["value"]
            for row in module.instrument_rows(TRUTH, pairs, embeddings, embeddings, RESAMPLING)
            if row["metric"] == "drivers_not_learned"
        )
        for pairs in (weak, copied)
    ]
    assert unlearned == [1, 0]


def test_swapped_pairs_are_counted_in_both_directions() -> None:
    queries = np.array([0, 1, 1, 2])
    pairs = replace(PAIRS, query_p=queries, clusters_p=queries, reference_p=np.array([1, 0, 2, 3]))
    rows = module.instrument_rows(
        TrueEffects(DELTA[:4], PRESENT[:4], FLOOR),
        replace(pairs, shared_pa=PAIRS.shared_pa[:4]),
        RNG.normal(size=(N_IMAGES, 4)),
        RNG.normal(size=(N_IMAGES, 4)),
        RESAMPLING,
    )
    assert next(row["value"] for row in rows if row["metric"] == "swapped_pairs") == 2


def test_where_no_pair_is_eligible_the_constant_names_nothing_and_figures_are_null() -> None:
    nothing = TrueEffects(DELTA * 0, PRESENT, FLOOR)
    audited = audited_answers(nothing, nothing, SCORES)
    assert audited.constant.absent_p.all()
    rows = module.variant_rows(audited, PAIRS, RESAMPLING)
    assert {(row["value"], row["n"]) for row in rows} == {(None, 0)}


def assert_variant_figures(tested=module) -> None:
    found = {(row["variant"], row["metric"]): row for row in tested.variant_rows(AUDITED, PAIRS, RESAMPLING)}
    for variant, outcomes in AUDITED.outcomes.items():
        expected = audit_measures(outcomes, PAIRS.query_p, AUDITED.constant, seed=2, samples=60)
        assert {metric for name, metric in found if name == variant} == set(expected)
        for metric, interval in expected.items():
            assert found[variant, metric]["value"] == pytest.approx(interval.value)
            assert found[variant, metric]["ci_low"] == pytest.approx(interval.low)
    assert found["oracle", "normalised_regret"]["value"] == 0


def test_every_variant_and_bound_has_its_figures() -> None:
    assert_variant_figures()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("pairs.image_ids[pairs.query_p[row]]", "pairs.image_ids[row % 12]", assert_outcomes),
        ("if names_one else False", "if names_one else True", assert_outcomes),
        ("outcomes.used_p[row] > 0.5", "outcomes.hit_p[row] > 0.5", assert_outcomes),
        ("np.where(is_driver_a, pairs.shared_pa, truth.present_pa)", "truth.present_pa", assert_instrument),
        ('"driver" if driver else "distractor"', '"distractor" if driver else "driver"', assert_instrument),
        ("pairs.query_p, audited.constant,", "pairs.query_p, None,", assert_variant_figures),
    ],
    ids=[
        "another query",
        "nothing named is present",
        "hit for used",
        "drivers counted anywhere",
        "kinds exchanged",
        "no skill",
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))
