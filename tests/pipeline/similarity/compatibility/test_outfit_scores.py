"""Scores of outfits and candidates equal loops over their pairs, with and without masks."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.similarity.compatibility import outfit_scores
from pipeline.similarity.compatibility.outfit_draws import BlankQuestion
from pipeline.similarity.compatibility.outfit_scores import OutfitScorer, answers_right
from pipeline.similarity.conditions import ConditionMasks
from tests.oracles import type_aware as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(0)
EMBEDDINGS = np.stack([oracle.unit(row) for row in RNG.normal(size=(12, 6))]).astype(np.float32)
TYPES = [("bags", "shoes", "tops")[number % 3] for number in range(12)]
# Two tops have no mask of their own.
MASKS = ConditionMasks(("bags|shoes", "bags|tops", "shoes|tops"), RNG.uniform(0, 1, (3, 6)).astype(np.float32))
BY_TYPES = {tuple(name.split("|")): mask for name, mask in zip(MASKS.names, MASKS.masks_cd, strict=True)}
OUTFITS = [[0, 1, 2], [3, 4], [2, 5, 8, 10], [11, 6]]
QUESTIONS = [
    BlankQuestion(0, np.array([1, 2]), np.array([0, 3, 6, 9])),
    BlankQuestion(2, np.array([2, 5, 8]), np.array([10, 1, 4, 7])),
    BlankQuestion(3, np.array([11]), np.array([6, 0, 3, 9])),
]


@pytest.mark.parametrize("masks", [MASKS, None], ids=["masks", "general"])
def test_scores_equal_loops(masks: ConditionMasks | None) -> None:
    scorer = OutfitScorer(EMBEDDINGS, TYPES, masks)
    by_types = None if masks is None else BY_TYPES
    expected = [oracle.outfit_score(EMBEDDINGS, TYPES, by_types, items) for items in OUTFITS]
    np.testing.assert_allclose(scorer.outfit_scores([np.array(items) for items in OUTFITS]), expected, atol=1e-6)
    choices = [
        oracle.choice_scores(EMBEDDINGS, TYPES, by_types, question.shown.tolist(), question.choices.tolist())
        for question in QUESTIONS
    ]
    np.testing.assert_allclose(scorer.choice_scores(QUESTIONS), choices, atol=1e-6)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition_name(types[one], types[other])", "condition_name(types[one], types[one])"),
        ("project(one_pd, masks_pd), project(other_pd, masks_pd)", "project(one_pd, masks_pd), other_pd"),
        ("k=1", "k=0"),
    ],
)
def test_the_comparison_notices_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    scorer = broken_copy(outfit_scores, tmp_path, right, wrong).OutfitScorer(EMBEDDINGS, TYPES, MASKS)
    expected = [oracle.outfit_score(EMBEDDINGS, TYPES, BY_TYPES, items) for items in OUTFITS]
    actual = scorer.outfit_scores([np.array(items) for items in OUTFITS])
    assert np.abs(actual - expected).max() > 1e-3


def test_blocks_of_pairs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = OutfitScorer(EMBEDDINGS, TYPES, MASKS)
    outfits = [np.array(items) for items in OUTFITS]
    whole = scorer.outfit_scores(outfits)
    monkeypatch.setattr(outfit_scores, "PAIRS_PER_BLOCK", 3)
    np.testing.assert_array_equal(scorer.outfit_scores(outfits), whole)


def test_nothing_to_score_gives_nothing() -> None:
    scorer = OutfitScorer(EMBEDDINGS, TYPES, MASKS)
    assert scorer.outfit_scores([]).shape == (0,)
    assert answers_right(scorer.choice_scores([])).shape == (0,)


def test_a_model_that_scores_all_alike_answers_by_chance() -> None:
    scores = np.array([[0.5, 0.1, 0.2, 0.4], [0.1, 0.5, 0.2, 0.3], [0.3, 0.3, 0.3, 0.3], [0.4, 0.1, 0.4, 0.2]])
    assert answers_right(scores).tolist() == [1, 0, 0.25, 0.5]
    alike = OutfitScorer(np.ones((12, 6), np.float32) / np.float32(6**0.5), TYPES, None)
    assert answers_right(alike.choice_scores(QUESTIONS)).mean() == 0.25
