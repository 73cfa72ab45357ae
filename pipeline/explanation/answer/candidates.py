"""Which attributes may be named for a pair: those that the query is labelled with, or those that it seems to have.

Must not import torch.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.explanation.answer.naming import NOTHING_NAMED

LIKELY = 0.5


@dataclass(frozen=True)
class AnswerCandidates:
    """What may be named for each pair.

    Attributes:
        may_be_named_pa: bool (pair, attribute), among which the answering variant chooses. Without labels that is
            every attribute: a variant weighs presence against effect itself.
        candidates_pa: bool (pair, attribute), what the query has or seems to have; an answer is compared with these.
        by_labels_p: bool (pair,), the candidates are the query's labels.
    """

    may_be_named_pa: npt.NDArray[np.bool_]
    candidates_pa: npt.NDArray[np.bool_]
    by_labels_p: npt.NDArray[np.bool_]

    def with_named(self, named_p: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
        """Return the candidates, bool (pair, attribute), and with them what was named (-1: nothing)."""
        together_pa = self.candidates_pa.copy()
        rows_p = np.flatnonzero(named_p != NOTHING_NAMED)
        together_pa[rows_p, named_p[rows_p]] = True
        return together_pa


def answer_candidates(
    labelled_pa: npt.NDArray[np.bool_], presence_pa: npt.NDArray[np.floating[Any]], use_labels: bool
) -> AnswerCandidates:
    """Return what may be named for each pair.

    Args:
        labelled_pa: (pair, attribute) labels of the queries.
        presence_pa: (pair, attribute) estimated probability that the query has the attribute.
        use_labels: choose among a query's labels; a query without any is answered by what is predicted.
    """
    by_labels_p = np.asarray(labelled_pa.any(axis=1) & use_labels)
    by_labels_p1 = by_labels_p[:, None]
    return AnswerCandidates(
        may_be_named_pa=np.where(by_labels_p1, labelled_pa, True),
        candidates_pa=np.where(by_labels_p1, labelled_pa, presence_pa >= LIKELY),
        by_labels_p=by_labels_p,
    )
