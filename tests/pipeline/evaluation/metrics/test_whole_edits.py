"""Figures of whole edits, by hand."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import whole_edits as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs, cluster_codes
from tests.pipeline.evaluation.broken_copy import broken_copy

QUERIES = ["a", "a", "b", "b", "c"]
PAIRS = MeasuredPairs([f"p{n}" for n in range(5)], cluster_codes(QUERIES), Resampling(0, 50))
# Attribute 0 is a colour; pairs 1 and 3 have no answer.
ANSWERED = module.AnsweredPairs(PAIRS, QUERIES, np.array([0, -1, 1, -1, 0]), np.array([True, False]))


def row(pair: int, edit: str, effect: float | None, reason: str | None = None) -> dict[str, object]:
    return {"pair_id": f"p{pair}", "edit": edit, "effect": effect, "reason": reason}


ROWS = [
    row(0, "greyscale", 0.4),
    row(1, "greyscale", 0.3),
    row(2, "greyscale", 0.01),
    row(3, "greyscale", -0.03),
    row(4, "greyscale", None, "hardly any colour to take"),
    row(0, "mirrored", 0.0),
    row(1, "mirrored", 0.2),
    row(2, "mirrored", -0.2),
    row(3, "mirrored", 0.05),
    row(4, "mirrored", 0.01),
    *(row(pair, "background", None, "no white ground") for pair in range(5)),
]


def assert_rows(tested=module) -> None:
    rows = tested.whole_edit_rows(ANSWERED, ROWS, 0.1)
    assert {one["table_name"] for one in rows} == {"edit_effects"}
    found = {(one["variant"], one["metric"]): (one["value"], one["n"]) for one in rows}
    expected = {
        ("greyscale", "mean_effect"): (0.17, 4),
        ("greyscale", "mean_size"): (0.185, 4),
        ("greyscale", "cause_share"): (0.5, 4),
        ("greyscale", "unexplained_where_cause"): (0.5, 2),
        ("greyscale", "unexplained_elsewhere"): (0.5, 2),
        ("greyscale", "names_colour_where_cause"): (0.5, 2),
        ("greyscale", "names_colour_elsewhere"): (0.0, 2),
        ("mirrored", "cause_share"): (0.2, 5),
        ("mirrored", "unexplained_where_cause"): (1.0, 1),
        ("mirrored", "unexplained_elsewhere"): (0.25, 4),
        ("greyscale", "measured_queries"): (2, 3),
        ("greyscale", "left_out_no_chroma"): (1, 3),
        ("mirrored", "measured_queries"): (3, 3),
        ("background", "measured_queries"): (0, 3),
        ("background", "left_out_no_ground"): (3, 3),
    }
    for name, (value, n) in expected.items():
        assert found[name] == (pytest.approx(value), n), name
    assert found["background", "mean_effect"] == (None, 0)
    assert not any(variant != "greyscale" and "colour" in metric for variant, metric in found)


def test_by_hand() -> None:
    assert_rows()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("effect_p > floor", "effect_p < floor"),
        ("pairs.mean(np.abs(effect_p))", "pairs.mean(effect_p)"),
        ("answered.answered_p == NOTHING_NAMED", "answered.answered_p != NOTHING_NAMED"),
        ("np.where(cause_p == 0, is_said_p", "np.where(cause_p == 1, is_said_p"),
        ("counts[None], queries", "queries, queries"),
        ("counts[reason.value], queries, variant", "counts[reason.value], len(rows), variant"),
    ],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_rows(broken_copy(module, tmp_path, right, wrong))


def assert_nothing_is_no_colour(tested=module) -> None:
    # The last attribute is a colour: -1 must not count as naming it.
    other = module.AnsweredPairs(PAIRS, QUERIES, ANSWERED.answered_p, np.array([False, True]))
    found = {(one["variant"], one["metric"]): one["value"] for one in tested.whole_edit_rows(other, ROWS, 0.1)}
    assert found["greyscale", "names_colour_where_cause"] == 0


def test_no_answer_is_no_colour(tmp_path) -> None:
    assert_nothing_is_no_colour()
    with pytest.raises(AssertionError):
        assert_nothing_is_no_colour(broken_copy(module, tmp_path, ' & ~said["unexplained"]', ""))


def test_without_a_floor_nothing_is_a_cause_or_none() -> None:
    rows = module.whole_edit_rows(ANSWERED, ROWS, float("nan"))
    found = {(one["variant"], one["metric"]): (one["value"], one["n"]) for one in rows}
    assert found["mirrored", "cause_share"] == (None, 0)
    assert found["mirrored", "mean_effect"][1] == 5
