"""Pairs whose answer is another one under another model, and from which attribute to which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import BadDataset
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs


@dataclass(frozen=True)
class Transition:
    """How many pairs have one answer under the first model and another under the second; None: no attribute."""

    first: str | None
    second: str | None
    pairs: int


@dataclass(frozen=True)
class AnswerChanges:
    """How answers differ between two models.

    Attributes:
        changed: share of the pairs whose answer is not the same.
        transitions: from which answer to which, most pairs first, then by name.
    """

    changed: Interval
    transitions: tuple[Transition, ...]


def answer_changes(pairs: MeasuredPairs, first: Sequence[str | None], second: Sequence[str | None]) -> AnswerChanges:
    """Return how the answers of two models differ; that no attribute explains a pair is an answer, too.

    Args:
        pairs: the pairs that both models explain.
        first: the attribute that answers under the first model, pair by pair; None where none does.
        second: likewise under the second model.

    Raises:
        BadDataset: not one answer of each for each pair.
        BadSetting: fewer than 1 bootstrap sample.
    """
    if not len(first) == len(second) == len(pairs.pair_ids):
        raise BadDataset(
            expected=f"one answer of both models for each of {len(pairs.pair_ids)} pairs",
            found=f"{len(first)} and {len(second)}",
            where="answers that are compared",
            remedy="pass answers over the same pairs",
        )
    both = list(zip(first, second, strict=True))
    changed_p = np.array([one != other for one, other in both], dtype=np.float64)
    counted = Counter((one, other) for one, other in both if one != other)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or ""))
    return AnswerChanges(pairs.mean(changed_p), tuple(Transition(*names, count) for names, count in ordered))
