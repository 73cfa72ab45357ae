"""The strangest matches: alike, unexplained or in dispute."""

import numpy as np

from pipeline.report.overview.strangest import strangest_pairs
from tests.pipeline.report.report_cases import make_pair_table

SIMILARITY = np.array([0.9, 0.8, 0.7, 0.2, 0.95, np.nan])
DISAGREEMENT = np.array([0.1, 0.6, 0.3, 0.9, np.nan, 0.9])
ANSWERS = [{"attribute": name, "effect": 0.1} for name in ("red", "red", None, None, "red", None)]


def pairs():
    return make_pair_table(6, similarity_p=SIMILARITY, disagreement_p=DISAGREEMENT, answers=ANSWERS)


def test_unexplained_ones_come_first_then_disputed_ones_and_none_that_is_not_alike() -> None:
    found = strangest_pairs(pairs())
    assert [int(pair.pair_id, 16) for pair in found] == [1, 0, 4]
    low = np.array([0.9, 0.8, 0.85, 0.2, 0.95, np.nan])
    found = strangest_pairs(make_pair_table(6, similarity_p=low, disagreement_p=DISAGREEMENT, answers=ANSWERS))
    assert [int(pair.pair_id, 16) for pair in found] == [2, 0, 4]


def test_the_reason_is_told() -> None:
    (first, *_) = strangest_pairs(pairs())
    assert (
        first.reason == "Similarity 0.800; the answer is red; 60 % of the methods do not name what is named most often."
    )
    assert strangest_pairs(pairs())[2].reason == "Similarity 0.950; the answer is red."


def test_ten_are_enough_and_none_is_none() -> None:
    assert len(strangest_pairs(make_pair_table(60))) == 10
    assert strangest_pairs(make_pair_table(6, similarity_p=np.full(6, np.nan))) == []
