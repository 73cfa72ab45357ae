"""How compatible a model finds the items of outfits: mean cosines under the conditions of their type pairs.

Must not import torch. Memory holds one block of pairs.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.datasets.outfits import condition_name
from pipeline.similarity.compatibility.outfit_draws import BlankQuestion
from pipeline.similarity.conditions import ConditionMasks, project

PAIRS_PER_BLOCK = 50_000


class OutfitScorer:
    """Scores of pairs and outfits from general embeddings.

    Args:
        embeddings_nd: float32 (image, D), unit norm, general.
        types_n: item type of each image.
        masks: of a type-aware model; None scores every pair by the general embedding.
    """

    def __init__(self, embeddings_nd: np.ndarray, types_n: Sequence[str], masks: ConditionMasks | None) -> None:
        self._embeddings_nd = embeddings_nd
        self._types_n = types_n
        self._masks = masks

    def pair_scores(self, one_p: np.ndarray, other_p: np.ndarray) -> np.ndarray:
        """Return the cosine of each pair of images under its type pair, float64 (pair,).

        Raises:
            BadModel: a projection is zero.
        """
        scores = np.empty(len(one_p))
        for start in range(0, len(one_p), PAIRS_PER_BLOCK):
            block = slice(start, start + PAIRS_PER_BLOCK)
            one_pd, other_pd = self._embeddings_nd[one_p[block]], self._embeddings_nd[other_p[block]]
            if self._masks is not None:
                masks_pd = self._masks.of(self._conditions(one_p[block], other_p[block]))
                one_pd, other_pd = project(one_pd, masks_pd), project(other_pd, masks_pd)
            scores[block] = np.einsum("pd,pd->p", one_pd, other_pd, dtype=np.float64)
        return scores

    def outfit_scores(self, outfits: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean score over all pairs of each outfit's two or more items, float64 (outfit,)."""
        pairs = [np.triu_indices(len(items), k=1) for items in outfits]
        return self._means(
            [items[one] for items, (one, _) in zip(outfits, pairs, strict=True)],
            [items[other] for items, (_, other) in zip(outfits, pairs, strict=True)],
        )

    def choice_scores(self, questions: Sequence[BlankQuestion]) -> np.ndarray:
        """Return the mean score of each candidate with the items that remain, float64 (question, choice)."""
        shown, chosen = [], []
        for question in questions:
            shown += [question.shown] * len(question.choices)
            chosen += [np.full(len(question.shown), choice) for choice in question.choices.tolist()]
        means = self._means(chosen, shown)
        return means.reshape(len(questions), -1) if questions else np.zeros((0, 1))

    def _means(self, one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> np.ndarray:
        sizes = np.array([len(rows) for rows in one], dtype=np.int64)
        if not len(sizes):
            return np.zeros(0)
        scores_p = self.pair_scores(np.concatenate(one), np.concatenate(other))
        group_p = np.repeat(np.arange(len(sizes)), sizes)
        means: np.ndarray = np.bincount(group_p, weights=scores_p, minlength=len(sizes)) / sizes
        return means

    def _conditions(self, one_p: np.ndarray, other_p: np.ndarray) -> list[str]:
        types = self._types_n
        pairs = zip(one_p.tolist(), other_p.tolist(), strict=True)
        return [condition_name(types[one], types[other]) for one, other in pairs]


def answers_right(scores_qc: np.ndarray) -> np.ndarray:
    """Return how right each answer is, float64 (question,): 1 where the first candidate alone scores best.

    Where several score best, each is named with equal chance: a model that scores all alike gets 1 / choices.
    """
    best_qc = scores_qc == scores_qc.max(axis=1, keepdims=True)
    right: np.ndarray = best_qc[:, 0] / best_qc.sum(axis=1)
    return right
