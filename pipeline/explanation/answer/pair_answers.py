"""What is said of each pair: what explains its match, how much, how sure, or why nothing does.

Must not import torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.explanation.answer.candidates import AnswerCandidates
from pipeline.explanation.answer.naming import NOTHING_NAMED
from pipeline.explanation.answer.uncertainty import EffectUncertainty
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.neighbour_effects import labels_are_of_classes

PAIR, ALL_PAIRS, NOT_TOLD = "pair", "all_pairs", ""
NO_EFFECT, NO_CANDIDATES = "no_effect", "no_candidates"


@dataclass(frozen=True)
class PairAnswers:
    """Answers to pairs.

    Attributes:
        variant: that answers.
        attribute_names: the vocabulary.
        present_pa: bool (pair, attribute), what the queries are labelled with.
        candidates: what may be named.
        named_p: (pair,) attribute, -1 where nothing is named.
        uncertainty: of its effect.
        told_by_p: (pair,) by what it is told from none, see `told_by`.
        probability_p: (pair,), of being right, or of being there; NaN where unknown.
        groups: names of the groups that the training labels cannot tell apart, by attribute.
        audited: true effects are known, so probabilities are of being right.
    """

    variant: str
    attribute_names: Sequence[str]
    present_pa: npt.NDArray[np.bool_]
    candidates: AnswerCandidates
    named_p: npt.NDArray[np.int64]
    uncertainty: EffectUncertainty
    told_by_p: npt.NDArray[np.str_]
    probability_p: npt.NDArray[np.float64]
    groups: Mapping[str, str]
    audited: bool

    def columns(self, pair: int) -> dict[str, Any]:
        """Return what the table `answers` says of a pair, without its id and split."""
        named, uncertainty = int(self.named_p[pair]), self.uncertainty
        leading = None if named == NOTHING_NAMED else self.attribute_names[named]
        told = str(self.told_by_p[pair])
        explained = told != NOT_TOLD
        by_labels = bool(self.candidates.by_labels_p[pair])
        probability = _number(self.probability_p[pair])
        probability_of = None
        if leading is not None and probability is not None:
            probability_of = _probability_of(self.audited, by_labels)
        return {
            "attribute": leading if explained else None,
            "reason": None if explained else NO_CANDIDATES if leading is None else NO_EFFECT,
            "told_by": told or None,
            "leading_attribute": leading,
            "variant": self.variant,
            "effect": _number(uncertainty.effect_p[pair]),
            "effect_low": _number(uncertainty.low_p[pair]),
            "effect_high": _number(uncertainty.high_p[pair]),
            "p_value": _number(uncertainty.p_value_p[pair]),
            "agreement": _number(uncertainty.agreement_p[pair]),
            "probability": None if probability_of is None else probability,
            "probability_of": probability_of,
            "group_name": None if leading is None else self.groups.get(leading),
            "presence": "labels" if by_labels else "predicted",
            "candidates": int(self.candidates.candidates_pa[pair].sum()),
            "is_ground_truth": None if leading is None else bool(self.present_pa[pair, named]),
        }


def told_by(train: LabelledEmbeddings, uncertainty: EffectUncertainty, answers_matter: bool) -> npt.NDArray[np.str_]:
    """Return for each pair by what its answer is told from none: "pair", "all_pairs", or "" where it is not.

    Args:
        train: images that directions are fitted on.
        uncertainty: of the answers' effects.
        answers_matter: the mean matched effect of the answers to validation pairs has an interval above 0.
    """
    of_classes = labels_are_of_classes(train.labels_na, np.asarray(train.types_n, dtype=str))
    by_all_p = uncertainty.told_by_all_p(of_classes and answers_matter)
    return np.where(uncertainty.told_p, PAIR, np.where(by_all_p, ALL_PAIRS, NOT_TOLD))


def _probability_of(audited: bool, by_labels: bool) -> str | None:
    if audited:
        return "largest_true_effect"
    return None if by_labels else "query_has_attribute"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
