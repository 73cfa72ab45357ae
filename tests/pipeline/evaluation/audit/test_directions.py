"""Both directions of pairs, by hand."""

import numpy as np
import pytest

from pipeline.evaluation.audit import directions as module
from pipeline.evaluation.audit.answers import audited_answers
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

# Image 0 is the query of three pairs, two of which are there the other way round as well; 4 -> 5 is alone.
QUERY = np.array([0, 0, 0, 1, 2, 4])
REFERENCE = np.array([1, 2, 3, 0, 0, 5])
# The truth of 0 -> 1 is the first attribute, of 1 -> 0 the second; both directions of (0, 2) have the first.
DELTA = np.array([[0.5, 0.3], [0.4, 0.1], [0.4, 0.1], [0.1, 0.6], [0.3, 0.2], [0.3, 0.2]])
TRUTH = TrueEffects(DELTA, np.ones(DELTA.shape, dtype=bool), 0.02)
SCORES = {"true": DELTA, "first": np.tile([1.0, 0.0], (6, 1))}
RESAMPLING = Resampling(0, 40)


def assert_rows(tested=module) -> None:
    audited = audited_answers(TRUTH, TRUTH, SCORES)
    rows = {
        (row["variant"], row["metric"]): row for row in tested.direction_rows(audited, QUERY, REFERENCE, RESAMPLING)
    }
    assert {row["table_name"] for row in rows.values()} == {"audit_directions"}
    assert {row["n"] for row in rows.values()} == {2}
    # Both compared pairs are of query 0.
    assert {row["n_clusters"] for row in rows.values()} == {1}
    values = {name: row["value"] for name, row in rows.items()}
    assert [values["oracle", metric] for metric in ("same_attribute", "hit_in_both", "regret_gap")] == [0.5, 1, 0]
    for variant in ("true", "true|present"):
        assert [values[variant, metric] for metric in ("same_attribute", "hit_in_both")] == [0.5, 1]
    assert [values["first", metric] for metric in ("same_attribute", "hit_in_both")] == [1, 0.5]
    # 0 -> 1 misses nothing, 1 -> 0 misses 0.5; the other pair nothing either way.
    assert values["first", "regret_gap"] == pytest.approx(0.25)
    assert rows["first", "regret_gap"]["unit"] == "cosine"


def assert_clusters(tested=module) -> None:
    assert tested.direction_clusters(QUERY, REFERENCE).tolist() == [0, 0, 0, 0, 0, 4]
    # Of equals the first image.
    assert tested.direction_clusters(np.array([7, 3]), np.array([3, 7])).tolist() == [3, 3]
    # Nothing is both ways: queries.
    assert tested.direction_clusters(REFERENCE[:3], QUERY[:3] + 5).tolist() == [1, 2, 3]


def test_by_hand() -> None:
    assert_rows()
    assert_clusters()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("row_of.get((reference, query), -1) > row", "row_of.get((reference, query), -1) >= 0", assert_rows),
        ("named_p[first_c] == named_p[second_c]", "named_p[first_c] != named_p[second_c]", assert_rows),
        ("outcomes.hit_p[first_c] * outcomes.hit_p[second_c]", "outcomes.hit_p[first_c]", assert_rows),
        ("np.abs(regret_p[first_c] - regret_p[second_c])", "regret_p[first_c] - regret_p[second_c]", assert_rows),
        ("(-pairs_of[image], image)", "(pairs_of[image], image)", assert_clusters),
    ],
    ids=["each pair twice", "other attributes", "one direction", "signs cancel", "the image with fewer pairs"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_a_direction_that_is_not_eligible_is_not_compared() -> None:
    delta = DELTA.copy()
    delta[3] = 0.001
    truth = TrueEffects(delta, TRUTH.present_pa, TRUTH.floor)
    rows = module.direction_rows(audited_answers(truth, truth, SCORES), QUERY, REFERENCE, RESAMPLING)
    assert {row["n"] for row in rows} == {1}


def test_without_swapped_pairs_there_is_no_row() -> None:
    audited = audited_answers(TRUTH, TRUTH, SCORES)
    assert module.direction_rows(audited, QUERY, QUERY + 6, RESAMPLING) == []
