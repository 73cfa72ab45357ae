"""Figures of the recolouring audit from effects made by hand; broken copies are noticed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import recolouring as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs, cluster_codes
from pipeline.evaluation.recolouring.effects import colour_floor, score_drops
from tests.pipeline.evaluation.broken_copy import broken_copy

NAMES = ["colour:Red", "colour:Blue", "type:Bags"]
QUERIES = [f"q{number // 2}" for number in range(24)]
PAIR_IDS = [f"p{number}" for number in range(24)]
PAIRS = MeasuredPairs(PAIR_IDS, cluster_codes(QUERIES), Resampling(1, 80))
RNG = np.random.default_rng(2)
EFFECTS = np.round(np.linspace(-0.05, 0.4, 20), 3)
SAME = np.where(np.arange(20) % 2, 0.1, -0.1)


def table_rows() -> list[dict[str, Any]]:
    """The last two queries are left out; of two edits of a red query, the second is not accepted in every third."""
    rows = []
    for number, pair_id in enumerate(PAIR_IDS):
        known: dict[str, Any] = {"pair_id": pair_id, "attribute": "colour:Red", "reason": None}
        if number >= 20:
            reason = "too small" if number >= 22 else "no white ground"
            rows.append({**known, "target_colour": None, "effect": None, "same_colour_effect": None, "accepted": False,
                         "reason": reason})  # fmt: skip
            continue
        refused = number // 2 % 3 == 0
        first, second = EFFECTS[number] - (0 if refused else 0.02), EFFECTS[number] + 0.02
        shared = {**known, "same_colour_effect": SAME[number]}
        rows.append({**shared, "target_colour": "colour:Blue", "effect": first, "accepted": True})
        rows.append({**shared, "target_colour": "type:Bags", "effect": None if refused else second,
                     "accepted": not refused})  # fmt: skip
    return rows


# The first agrees in order and names red where the effect is large; the second always says bags.
GOOD = np.stack([np.append(EFFECTS * 2, np.zeros(4)), np.full(24, 0.3), np.zeros(24)], axis=1)
CONSTANT = np.tile([0.0, 0.0, 1.0], (24, 1))
SCORES = {"embedding_effect": GOOD, "best_constant": CONSTANT}


def figures(tested=module) -> dict[tuple[str, str | None], dict[str, Any]]:
    measured = tested.gather_pairs(PAIRS, QUERIES, NAMES, table_rows())
    rows = tested.recolour_rows(measured, SCORES)
    return {(row["metric"], row.get("variant")): row for row in rows}


def assert_figures(tested=module) -> None:
    found = figures(tested)
    cause = EFFECTS > 0.1
    assert found["effect_floor", None]["value"] == pytest.approx(0.1)
    assert found["mean_effect", None]["value"] == pytest.approx(EFFECTS.mean())
    assert found["mean_effect", None]["n"] == 20
    assert found["mean_same_colour_effect", None]["value"] == pytest.approx(0)
    assert found["cause_share", None]["value"] == pytest.approx(cause.mean())
    assert (found["accepted_edits", None]["value"], found["accepted_edits", None]["n"]) == (16, 20)
    assert (found["measured_queries", None]["value"], found["measured_queries", None]["n"]) == (10, 12)
    assert found["left_out_too_small", None]["value"] == found["left_out_no_ground", None]["value"] == 1
    assert ("left_out_rare_colour", None) not in found
    named = EFFECTS * 2 > 0.3
    hit = found["names_colour_where_cause", "embedding_effect"]
    assert (hit["value"], hit["n"]) == (pytest.approx(named[cause].mean()), cause.sum())
    elsewhere = found["names_colour_elsewhere", "embedding_effect"]
    assert (elsewhere["value"], elsewhere["n"]) == (0, (~cause).sum())
    assert found["spearman", "embedding_effect"]["value"] == pytest.approx(1)
    assert found["spearman", "best_constant"]["value"] is None
    # The measured effect is half of what is predicted.
    assert found["calibration_slope", "embedding_effect"]["value"] == pytest.approx(0.5)
    assert found["calibration_intercept", "embedding_effect"]["value"] == pytest.approx(0, abs=1e-9)
    expected = np.mean([abs(pair.mean()) for pair in EFFECTS.reshape(10, 2)])
    assert found["calibration_error", "embedding_effect"]["value"] == pytest.approx(expected)


def test_figures_are_those_of_the_effects() -> None:
    assert_figures()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("measured.effect_p > floor", "np.abs(measured.effect_p) > floor / 4"),
        ("np.where(cause_p == 0, names_it_p, np.nan)", "np.where(cause_p == 1, names_it_p, np.nan)"),
        ("scores_pa.argmax(axis=1) == measured.colour_p", "scores_pa.argmax(axis=1) >= 0"),
        ("abs(rows[:, 0].mean() - rows[:, 1].mean())", "abs(rows[:, 0].mean())"),
        ('if row["accepted"]:', "if True:"),
        ("float(np.mean(effects[pair_id]))", "effects[pair_id][-1]"),
    ],
    ids=["another floor", "causes again", "names anything", "predicted alone", "refused edits count", "the last edit"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises((AssertionError, TypeError)):
        assert_figures(broken_copy(module, tmp_path, right, wrong))


def test_rank_correlation_is_that_of_another_implementation() -> None:
    columns = RNG.integers(0, 6, (40, 2)).astype(float)
    assert module.spearman(columns) == pytest.approx(spearmanr(columns[:, 0], columns[:, 1]).statistic)


def test_nothing_measured_has_no_figures_but_counts() -> None:
    rows = [{**row, "target_colour": None, "reason": "no colour labelled"} for row in table_rows()]
    measured = module.gather_pairs(PAIRS, QUERIES, NAMES, rows)
    found = {row["metric"]: row for row in module.recolour_rows(measured, SCORES)}
    assert found["measured_queries"]["value"] == 0
    assert found["left_out_no_colour"]["value"] == 12
    assert found["spearman"]["value"] is found["effect_floor"]["value"] is None


def test_a_drop_is_the_score_before_minus_the_score_after() -> None:
    query, edited, reference = np.array([1.0, 0.0]), np.array([0.6, 0.8]), np.array([[1.0, 0.0]])
    plain = score_drops(np.stack([query, edited]), reference, None)
    np.testing.assert_allclose(plain, [[0.4]])
    # Under a mask that sees the first dimension alone, nothing moved.
    masked = score_drops(np.stack([query, edited]), reference, np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(masked, [[0]], atol=1e-12)


def test_the_floor_is_a_high_percentile_of_sizes() -> None:
    assert colour_floor(np.array([-1.0, 0.0, np.nan])) == pytest.approx(0.99)
    assert np.isnan(colour_floor(np.array([np.nan])))
