"""The strangest matches: alike, unexplained or in dispute."""

import dataclasses

import numpy as np

from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.overview.strangest import strangest_pairs
from pipeline.report.replacement_test import ReplacementTest
from tests.pipeline.report.report_cases import make_pair_table, unknown

SIMILARITY = np.array([0.9, 0.8, 0.7, 0.2, 0.95, np.nan])
DISAGREEMENT = np.array([0.1, 0.6, 0.3, 0.9, np.nan, 0.9])
ANSWERS = [{"attribute": name, "effect": 0.1} for name in ("red", "red", None, None, "red", None)]
QUERIES = [f"query_{row}" for row in range(6)]


def pairs(similarity_p=SIMILARITY):
    columns = {"queries": QUERIES, "similarity_p": similarity_p, "disagreement_p": DISAGREEMENT, "answers": ANSWERS}
    return make_pair_table(6, knowledge=unknown(6), **columns)


def test_unexplained_ones_come_first_then_disputed_ones_and_none_that_is_not_alike() -> None:
    found = strangest_pairs(pairs())
    assert [int(pair.pair_id, 16) for pair in found] == [1, 0]
    low = np.array([0.9, 0.8, 0.85, 0.2, 0.95, np.nan])
    found = strangest_pairs(pairs(low))
    assert [int(pair.pair_id, 16) for pair in found] == [2, 0]


def reason(answer="red", share=0.6, **columns):
    answers = [{"attribute": answer, "effect": 0.1}]
    known = {"similarity_p": np.array([0.8]), "disagreement_p": np.array([share]), "answers": answers}
    found = strangest_pairs(make_pair_table(1, **{"knowledge": unknown(1), **known, **columns}))
    return found[0].reason if found else None


def test_each_says_why_it_is_here() -> None:
    of_eight = {"naming_p": np.array([8])}
    told = "5 of 8 methods name another attribute than the one named most often"
    assert reason(share=0.625, **of_eight) == f"{told}."
    assert reason(None, 0.625, **of_eight) == f"No attribute explains it; {told}."
    assert reason(share=0.125, **of_eight).startswith("1 of 8 methods names another")
    assert reason(share=0.6) == "60 % of the methods name another attribute than most do."
    assert reason(None, 0.0, **of_eight) == reason(None, np.nan) == "No attribute explains it."


def test_an_answer_on_which_all_agree_is_not_strange() -> None:
    assert reason(share=0.0) is None
    assert reason(share=np.nan) is None


def test_the_facts_are_told() -> None:
    (first, *_) = strangest_pairs(pairs())
    assert first.facts == "Similarity 0.800, higher than in 40 % of the pairs. The answer is red, unsure."


def test_an_answer_that_is_sure_is_not_strange() -> None:
    sure = [PairKnowledge(ReplacementTest(-0.1, -0.1))]
    assert reason(knowledge=sure) is None
    assert reason(knowledge=unknown(1)) is not None


def test_where_nothing_was_asked_nothing_is_strange() -> None:
    assert strangest_pairs(make_pair_table(6, answers=[None] * 6, knowledge=unknown(6))) == []
    nothing_known = make_pair_table(1, answers=[{"attribute": None}], knowledge=unknown(1))
    assert len(strangest_pairs(nothing_known)) == 1
    nothing_known.answers[0]["reason"] = "no_candidates"
    assert strangest_pairs(dataclasses.replace(nothing_known)) == []


def test_a_test_that_contradicts_the_answer_is_told() -> None:
    known = [PairKnowledge(ReplacementTest(-0.1, 0.1))]
    answers = [{"attribute": "red", "effect": 0.1}]
    columns = {"similarity_p": np.array([0.8]), "disagreement_p": np.array([0.5]), "answers": answers}
    (found,) = strangest_pairs(make_pair_table(1, knowledge=known, **columns))
    assert found.facts.endswith("The answer is red, but the test contradicts it.")


def both_ways(*named):
    """Two queries with three references; the first pair and the second are each other's reverse."""
    columns = {
        "queries": ["a", "b", "a", "c"],
        "references": ["b", "a", "d", "d"],
        "similarity_p": np.full(4, 0.9),
        "disagreement_p": np.array([0.5, 0.4, 0.3, 0.2]),
        "answers": [{"attribute": name, "effect": 0.1} for name in named],
    }
    return strangest_pairs(make_pair_table(4, knowledge=unknown(4), **columns))


def test_a_pair_and_its_reverse_and_a_query_come_once() -> None:
    assert [int(pair.pair_id, 16) for pair in both_ways("red", "red", "red", "red")] == [0, 3]


def test_a_reverse_that_says_something_else_is_told() -> None:
    assert "exchanged" not in both_ways("red", "red", "red", "red")[0].facts
    assert both_ways("red", "blue", "red", "red")[0].facts.endswith(
        "With query and reference exchanged the answer is blue."
    )
    # The pair without an answer is the stranger one.
    assert both_ways("red", None, "red", "red")[0].facts.endswith("exchanged the answer is red.")


def test_ten_are_enough_and_none_is_none() -> None:
    assert len(strangest_pairs(make_pair_table(60))) == 10
    assert strangest_pairs(make_pair_table(6, similarity_p=np.full(6, np.nan))) == []
