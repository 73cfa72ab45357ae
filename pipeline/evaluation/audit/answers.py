"""What is audited: the answers of every variant, over all attributes and over those that the query has, and two bounds.

Must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from pipeline.evaluation.audit.outcomes import (
    AuditOutcomes,
    TrueEffects,
    audit_outcomes,
    best_constant_attribute,
    eligible_pairs,
    oracle_outcomes,
    random_present_outcomes,
)
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among

PRESENT: Final = "|present"
ANSWER: Final = "answer"
# What no ranking of attributes exceeds, and what guessing reaches, by name with a few words for people.
BOUNDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "oracle": "the attribute with the largest true effect",
        "random_present": "mean over the query's attributes",
    }
)


@dataclass(frozen=True)
class AuditedAnswers:
    """The truth about pairs and what every variant achieved on them.

    Attributes:
        truth: true effects of the pairs.
        constant: outcomes of the one attribute that does best on validation pairs; of naming nothing where none does
            anything.
        outcomes: of the bounds and of the variants, by name.
        named: int64 (pair,) attribute that each variant names, -1 where it names none.
    """

    truth: TrueEffects
    constant: AuditOutcomes
    outcomes: dict[str, AuditOutcomes]
    named: dict[str, np.ndarray]

    def with_answers(self, answered_p: np.ndarray) -> "AuditedAnswers":
        """Return the same with the answers among what is named: int64 (pair,), -1 where no attribute explains."""
        outcomes = {**self.outcomes, ANSWER: audit_outcomes(self.truth, answered_p)}
        return AuditedAnswers(self.truth, self.constant, outcomes, {**self.named, ANSWER: answered_p})


def audited_answers(truth: TrueEffects, valid_truth: TrueEffects, scores: Mapping[str, np.ndarray]) -> AuditedAnswers:
    """Return what the variants name and achieve; each counts twice, the second time as `<variant>|present`.

    A variant of a bound's name is left out: the bound stands for it.

    Args:
        truth: of the audited pairs.
        valid_truth: of the pairs that the constant is chosen on. It is chosen on true effects; the variant
            `best_constant` on removal, as in practice.
        scores: (pair, attribute) of each variant.

    Raises:
        BadDataset: scores and effects differ in shape.
    """
    # A similarity by what no attribute names leaves no pair eligible, and no constant better than another.
    best = best_constant_attribute(valid_truth) if eligible_pairs(valid_truth).any() else NOTHING_NAMED
    constant = audit_outcomes(truth, np.full(len(truth.present_pa), best))
    outcomes = {"oracle": oracle_outcomes(truth), "random_present": random_present_outcomes(truth)}
    named: dict[str, np.ndarray] = {}
    for variant, scores_pa in scores.items():
        if variant in outcomes:
            # The bound is the mean over all that the variant may draw, without the noise of one draw.
            continue
        named[variant] = scores_pa.argmax(axis=1)
        named[variant + PRESENT] = named_among(scores_pa, truth.present_pa)
    outcomes |= {variant: audit_outcomes(truth, named_p) for variant, named_p in named.items()}
    return AuditedAnswers(truth, constant, outcomes, named)
