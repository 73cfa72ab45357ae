"""What answers to the pairs of a split are made of, and how sure such answers turned out on validation pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_pair_frame, read_pair_values
from flows.readers.true_effects import read_truth
from pipeline.evaluation.audit.outcomes import audit_outcomes
from pipeline.explanation.answer.candidates import AnswerCandidates, answer_candidates
from pipeline.explanation.answer.naming import named_among
from pipeline.explanation.answer.probability import AnswerCalibration, answer_figures, fit_calibration
from pipeline.explanation.variants import all_variants


@dataclass(frozen=True)
class AnswerEvidence:
    """Pairs of a split with what answers are made of.

    Attributes:
        frame: the pairs.
        scores: (pair, attribute) of each variant that may answer.
        effects_pa: predicted effects.
        presence_pa: (pair, attribute), estimated probability that the query has the attribute.
        candidates: what may be named.
    """

    frame: PairFrame
    scores: dict[str, np.ndarray]
    effects_pa: np.ndarray
    presence_pa: np.ndarray
    candidates: AnswerCandidates

    def named(self, variant: str) -> np.ndarray:
        """Return the attribute that a variant names for each pair, (pair,), -1 for none."""
        return named_among(self.scores[variant], self.candidates.may_be_named_pa)


def read_answer_evidence(upstream: Upstream, settings: Mapping[str, Any], split: str) -> AnswerEvidence:
    """Return the evidence of a split; `settings` are those of the stage `answers`."""
    frame = read_pair_frame(upstream, split)
    stage = "explanations" if split == "test" else f"explanations.{split}"
    scores = dict(zip(all_variants(settings["variants"]), upstream.arrays(stage, "scores", "scores"), strict=True))
    presence_pa = upstream.arrays("presence", "presence", split)[frame.query_p]
    effects_pa = read_pair_values(upstream, f"embedding_effects.{split}", "embedding_effects", "effect", frame)
    candidates = answer_candidates(frame.present_pa, presence_pa, use_labels=settings["presence"] == "labels")
    may_answer = {name: scores[name] for name in settings["may_answer"]}
    return AnswerEvidence(frame, may_answer, effects_pa, presence_pa, candidates)


def fit_answer_calibration(upstream: Upstream, valid: AnswerEvidence, variant: str) -> AnswerCalibration | None:
    """Return how probable it is that an answer has the largest true effect, by the validation pairs' true effects.

    None where these are too few to calibrate on.
    """
    named_p = valid.named(variant)
    truth = read_truth(upstream, valid.frame)
    figures_pf = answer_figures(valid.effects_pa, named_p, valid.candidates.with_named(named_p))
    return fit_calibration(figures_pf, audit_outcomes(truth, named_p).hit_p)
