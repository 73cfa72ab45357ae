"""Deletion, insertion and matched effects of answers made by hand, and who beats the classifier by them."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import attribute_effects as module
from pipeline.evaluation.metrics.attribute_effects import ReplacedAttributes
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS, N_ATTRIBUTES = 60, 5
RNG = np.random.default_rng(4)
QUERY_P = np.arange(N_PAIRS) // 3
# Every image has attribute 0, which the first variant likes best.
LABELS = np.column_stack([np.ones(20, dtype=bool), RNG.random((20, 4)) < 0.5])
# A query without any attribute but the constant one, and one that lacks none.
LABELS[0, 1:], LABELS[1, 1:] = False, True
HAS = LABELS[QUERY_P]


def effects(where: np.ndarray, elsewhere: float) -> np.ndarray:
    values = np.where(where, -RNG.random((N_PAIRS, N_ATTRIBUTES)), elsewhere)
    values[where & (RNG.random(values.shape) < 0.2)] = np.nan
    values[:, 0] = np.nan
    return values


DELETION, INSERTION, MATCHED = effects(HAS, 0.0), effects(~HAS, np.nan), effects(HAS, 0.0)
HALVES = np.stack([effects(HAS, np.nan), effects(HAS, np.nan)])
DISTANCE = np.where(HAS & ~np.isnan(DELETION), RNG.random(DELETION.shape), np.nan)
REPLACED = ReplacedAttributes(
    MeasuredPairs([f"p{n}" for n in range(N_PAIRS)], QUERY_P, Resampling(1, 300)),
    LABELS,
    HAS,
    DELETION,
    INSERTION,
    MATCHED,
    DISTANCE,
    HALVES,
)
SCORES = {name: RNG.normal(size=(N_PAIRS, N_ATTRIBUTES)) for name in ("classifier", "sane", "sane+match")}
SCORES["classifier"][:, 0] += 1
# A variant may exclude all but one attribute.
SCORES["sane+match"][:, 2:] = np.where(RNG.random((N_PAIRS, 3)) < 0.8, -np.inf, 0.0)


def top(variant: str, pair: int, has: bool) -> int | None:
    candidates = [a for a in range(1, 5) if HAS[pair, a] == has]
    return max(candidates, key=lambda a: (SCORES[variant][pair, a], -a)) if candidates else None


def changes(variant: str, effect_pa: np.ndarray, has: bool) -> np.ndarray:
    tops = [top(variant, pair, has) for pair in range(N_PAIRS)]
    return np.array([np.nan if a is None else effect_pa[pair, a] for pair, a in enumerate(tops)])


def drops(variant: str) -> np.ndarray:
    return np.array([-MATCHED[pair, SCORES[variant][pair].argmax()] for pair in range(N_PAIRS)])


def oracle_drop(pair: int) -> float:
    """Chosen by one half, scored by the other, and the other way round."""
    candidates = [a for a in range(N_ATTRIBUTES) if np.isfinite(HALVES[:, pair, a]).all()]
    if not candidates:
        return np.nan
    first, second = (min(candidates, key=lambda a, half=half: (half[pair, a], a)) for half in HALVES)
    return -(HALVES[1, pair, first] + HALVES[0, pair, second]) / 2


def assert_figures(tested=module) -> None:
    rows = tested.attribute_effect_rows(REPLACED, SCORES)
    found = {(row["metric"], row["variant"]): row for row in rows}
    assert len(found) == len(rows) == 3 * 7 + 2 + 2
    oracle = [oracle_drop(pair) for pair in range(N_PAIRS)]
    row, undefined = found["matched_effect", "oracle"], found["matched_undefined", "oracle"]
    assert row["value"] == pytest.approx(np.nanmean(oracle))
    assert (row["n"], row["unit"]) == (np.isfinite(oracle).sum(), "cosine")
    assert (undefined["value"], undefined["n"]) == (np.isnan(oracle).sum(), N_PAIRS)
    assert 0 < np.isnan(oracle).sum() < N_PAIRS
    for name in SCORES:
        expected = {
            "deletion": changes(name, DELETION, True),
            "insertion": changes(name, INSERTION, False),
            "matched_effect": drops(name),
        }
        for metric, values in expected.items():
            row, undefined = found[metric, name], found[metric.replace("_effect", "") + "_undefined", name]
            assert row["value"] == pytest.approx(np.nanmean(values)), (metric, name)
            assert (row["n"], row["unit"], row["table_name"]) == (
                np.isfinite(values).sum(),
                "cosine",
                "attribute_explanation",
            )
            assert (undefined["value"], undefined["n"]) == (np.isnan(values).sum(), N_PAIRS)
        assert np.isnan(expected["deletion"][:3]).all()
        assert np.isnan(expected["insertion"][3:6]).all()
        named = SCORES[name].argmax(axis=1)
        distance = found["replacement_distance", name]
        assert distance["value"] == pytest.approx(np.nanmean(DISTANCE[np.arange(N_PAIRS), named]))


def assert_comparisons(tested=module) -> None:
    rows = tested.attribute_effect_rows(REPLACED, SCORES)
    found = {row["variant"]: row for row in rows if row["table_name"] == "attribute_explanation_comparison"}
    assert list(found) == ["sane", "sane+match"]
    for name, row in found.items():
        difference = drops(name) - drops("classifier")
        assert row["metric"] == "matched_effect_difference"
        assert row["n"] == np.isfinite(difference).sum() < N_PAIRS
        assert row["value"] == pytest.approx(np.nanmean(difference))
        assert (row["compared_with"], row["unit"]) == ("classifier", "cosine")
        assert 0 < row["p_value"] <= 1


def test_figures_are_those_of_the_answers() -> None:
    assert_figures()


def test_all_are_compared_with_the_classifier_on_shared_pairs() -> None:
    assert_comparisons()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("replaced.has_pa & varies_a", "replaced.has_pa", assert_figures),
        ("~replaced.has_pa & varies_a", "replaced.has_pa & varies_a", assert_figures),
        (
            "removal_measure(named_p, replaced.matched_pa)",
            "removal_measure(named_p, replaced.deletion_pa)",
            assert_figures,
        ),
        (
            "removal_measure(named_p, replaced.matched_pa)",
            "-removal_measure(named_p, replaced.matched_pa)",
            assert_figures,
        ),
        ("np.where(named_p != NOTHING_NAMED, values_pa", "np.where(named_p != -2, values_pa", assert_figures),
        ("(halves_2pa, halves_2pa[::-1])", "(halves_2pa, halves_2pa)", assert_figures),
        ("(halves_2pa, halves_2pa[::-1])", "((halves_2pa[0], halves_2pa[0]),) * 2", assert_figures),
        ("halves_2pa = -replaced", "halves_2pa = replaced", assert_figures),
        ("np.isfinite(halves_2pa).all(axis=0)", "np.isfinite(halves_2pa).any(axis=0)", assert_figures),
        ("np.isnan(values_p).sum()", "np.isfinite(values_p).sum()", assert_figures),
        (
            "replaced.pairs, drops, ",
            "replaced.pairs, {name: -drops[name] for name in drops}, ",
            assert_comparisons,
        ),
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_an_oracle_of_pure_noise_finds_nothing() -> None:
    # Half the drops of 40 attributes are positive: chosen and scored alike, the largest would look like an effect.
    rng = np.random.default_rng(8)
    halves = rng.normal(size=(2, 600, 40))
    noise = ReplacedAttributes(
        MeasuredPairs([f"p{n}" for n in range(600)], np.arange(600), Resampling(1, 300)),
        np.ones((2, 40), dtype=bool),
        *(np.ones((600, 40), dtype=bool), *(np.zeros((600, 40)) for _ in range(4))),
        halves,
    )
    (row,) = (row for row in module.attribute_effect_rows(noise, {}) if row["metric"] == "matched_effect")
    # Four standard errors of the mean of 1,200 draws.
    assert abs(row["value"]) < 4 / np.sqrt(1200)
    assert row["ci_low"] < 0 < row["ci_high"]
    assert np.mean((-halves).max(axis=2)) > 2


def test_without_the_classifier_nothing_is_compared_with_it() -> None:
    rows = module.attribute_effect_rows(REPLACED, {"sane": SCORES["sane"]})
    assert {row["table_name"] for row in rows} == {"attribute_explanation"}
