"""One answer per test pair: which variant answers, what it names, and how far to trust that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.attribute_groups import group_name_of_attribute
from flows.readers.clusters import read_pair_clusters
from flows.readers.labelled_embeddings import read_embedded_pairs, read_labelled_embeddings
from flows.readers.pair_frame import PairFrame, read_pair_frame, read_pair_values
from flows.readers.replacement_effects import read_replacement_effects
from flows.readers.true_effects import read_truth
from pipeline.evaluation.answer_choice import CandidateAnswer, compare_answers
from pipeline.evaluation.audit.outcomes import audit_outcomes
from pipeline.evaluation.bootstrap import Resampling
from pipeline.explanation.answer.candidates import AnswerCandidates, answer_candidates
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among
from pipeline.explanation.answer.probability import answer_figures, answer_probability, fit_calibration
from pipeline.explanation.answer.refits import exchanged_effects, reweighted_effects
from pipeline.explanation.answer.uncertainty import EffectUncertainty, effect_uncertainty
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.neighbour_effects import labels_are_of_classes
from pipeline.explanation.variants import all_variants
from stores.parts import ArraysPart, Part

PAIR, ALL_PAIRS, NOT_TOLD = "pair", "all_pairs", ""
NO_EFFECT, NO_CANDIDATES = "no_effect", "no_candidates"


@dataclass(frozen=True)
class _Split:
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


@dataclass(frozen=True)
class _Answers:
    """What is said of the test pairs.

    Attributes:
        variant: that answers.
        named_p: (pair,) attribute, -1 where nothing is named.
        uncertainty: of its effect.
        told_by_p: (pair,) by what it is told from none, see `_told_by`.
        probability_p: (pair,), of being right, or of being there.
        groups: names of the groups that the training labels cannot tell apart, by attribute.
    """

    variant: str
    named_p: np.ndarray
    uncertainty: EffectUncertainty
    told_by_p: np.ndarray
    probability_p: np.ndarray
    groups: Mapping[str, str]


def run(inputs: JobInputs) -> JobResult:
    """Return the tables `answers` and `answer_choice`, and what is named for each test pair.

    Arrays `answered` (pair,), -1 where no attribute explains the match, and `named` (variant, pair) of all that may
    answer, in the order of the setting.
    """
    settings = inputs.settings
    valid, test = (_read_split(inputs, split) for split in ("valid", "test"))
    choice = _choose(inputs, valid)
    chosen = next(one for one in choice if one.is_chosen)
    variant = chosen.variant
    named_p = test.named(variant)
    train = read_labelled_embeddings(inputs.upstream, "train")
    uncertainty = _uncertainty(inputs, train, test, named_p)
    if settings["audited"]:
        probability_p = _true_best_probability(inputs.upstream, valid, valid.named(variant), test, named_p)
    else:
        probability_p = test.presence_pa[np.arange(len(named_p)), named_p]
    answers = _Answers(
        variant,
        named_p,
        uncertainty,
        _told_by(train, uncertainty, chosen),
        probability_p,
        group_name_of_attribute(inputs.upstream),
    )
    rows = [_row(inputs, test, answers, pair) for pair in range(len(named_p))]
    answered_p = np.where(answers.told_by_p != NOT_TOLD, named_p, NOTHING_NAMED)
    parts: dict[str, Part] = {
        "named": ArraysPart(
            {"answered": answered_p, "named": np.stack([test.named(name) for name in settings["may_answer"]])},
            {"answered": ("pair",), "named": ("variant", "pair")},
        ),
        "answers": inputs.table("answers", rows),
        "answer_choice": inputs.table("answer_choice", [_choice_row(one) for one in choice]),
    }
    return JobResult(parts, {"pairs": len(rows), "unexplained": int((answered_p == NOTHING_NAMED).sum())})


def _read_split(inputs: JobInputs, split: str) -> _Split:
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, split)
    stage = "explanations" if split == "test" else f"explanations.{split}"
    scores = dict(zip(all_variants(settings["variants"]), upstream.arrays(stage, "scores", "scores"), strict=True))
    presence_pa = upstream.arrays("presence", "presence", split)[frame.query_p]
    effects_pa = read_pair_values(upstream, f"embedding_effects.{split}", "embedding_effects", "effect", frame)
    candidates = answer_candidates(frame.present_pa, presence_pa, use_labels=settings["presence"] == "labels")
    return _Split(frame, {name: scores[name] for name in settings["may_answer"]}, effects_pa, presence_pa, candidates)


def _choose(inputs: JobInputs, valid: _Split) -> list[CandidateAnswer]:
    settings = inputs.settings
    return compare_answers(
        {variant: valid.named(variant) for variant in settings["may_answer"]},
        -read_replacement_effects(inputs.upstream, "valid", "matched", valid.frame),
        valid.frame.present_pa,
        read_pair_clusters(inputs.upstream, valid.frame, settings["shared_unit"]),
        Resampling(int(settings["seed"]), int(settings["bootstrap_samples"])),
        None if settings["answer"] == "auto" else settings["answer"],
    )


def _uncertainty(inputs: JobInputs, train: LabelledEmbeddings, test: _Split, named_p: np.ndarray) -> EffectUncertainty:
    pairs = read_embedded_pairs(inputs.upstream, test.frame)
    seed, draws = int(inputs.settings["seed"]), int(inputs.settings["refits"])
    return effect_uncertainty(
        named_p,
        test.candidates.with_named(named_p),
        test.effects_pa,
        reweighted_effects(train, pairs, seed, draws),
        exchanged_effects(train, pairs, seed, draws),
    )


def _told_by(train: LabelledEmbeddings, uncertainty: EffectUncertainty, chosen: CandidateAnswer) -> np.ndarray:
    """Return for each pair by what its answer is told from none: "pair", "all_pairs", or "" where it is not."""
    of_classes = labels_are_of_classes(train.labels_na, np.asarray(train.types_n, dtype=str))
    by_all_p = uncertainty.told_by_all_p(of_classes and chosen.matched_effect.low > 0)
    return np.where(uncertainty.told_p, PAIR, np.where(by_all_p, ALL_PAIRS, NOT_TOLD))


def _true_best_probability(
    upstream: Upstream, valid: _Split, valid_named_p: np.ndarray, test: _Split, named_p: np.ndarray
) -> np.ndarray:
    """Return the probability that each test answer has the largest true effect, calibrated on validation pairs.

    NaN for all where these are too few to calibrate on.
    """
    truth = read_truth(upstream, valid.frame)
    figures_pf = answer_figures(valid.effects_pa, valid_named_p, valid.candidates.with_named(valid_named_p))
    calibration = fit_calibration(figures_pf, audit_outcomes(truth, valid_named_p).hit_p)
    if calibration is None:
        return np.full(len(named_p), np.nan)
    return answer_probability(
        calibration, answer_figures(test.effects_pa, named_p, test.candidates.with_named(named_p))
    )


def _row(inputs: JobInputs, test: _Split, answers: _Answers, pair: int) -> dict[str, Any]:
    named, uncertainty = int(answers.named_p[pair]), answers.uncertainty
    frame = test.frame
    leading = None if named == NOTHING_NAMED else frame.attribute_names[named]
    told_by = str(answers.told_by_p[pair])
    explained = told_by != NOT_TOLD
    by_labels = bool(test.candidates.by_labels_p[pair])
    probability = _number(answers.probability_p[pair])
    probability_of = None
    if leading is not None and probability is not None:
        probability_of = _probability_of(inputs.settings["audited"], by_labels)
    return {
        "pair_id": frame.pair_ids[pair],
        "split": frame.split,
        "attribute": leading if explained else None,
        "reason": None if explained else NO_CANDIDATES if leading is None else NO_EFFECT,
        "told_by": told_by or None,
        "leading_attribute": leading,
        "variant": answers.variant,
        "effect": _number(uncertainty.effect_p[pair]),
        "effect_low": _number(uncertainty.low_p[pair]),
        "effect_high": _number(uncertainty.high_p[pair]),
        "p_value": _number(uncertainty.p_value_p[pair]),
        "agreement": _number(uncertainty.agreement_p[pair]),
        "probability": None if probability_of is None else probability,
        "probability_of": probability_of,
        "group_name": None if leading is None else answers.groups.get(leading),
        "presence": "labels" if by_labels else "predicted",
        "candidates": int(test.candidates.candidates_pa[pair].sum()),
        "is_ground_truth": None if leading is None else bool(frame.present_pa[pair, named]),
    }


def _probability_of(audited: bool, by_labels: bool) -> str | None:
    if audited:
        return "largest_true_effect"
    return None if by_labels else "query_has_attribute"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _choice_row(one: CandidateAnswer) -> dict[str, Any]:
    effect = one.matched_effect
    return {
        "variant": one.variant,
        "matched_effect": effect.value,
        "ci_low": _number(effect.low),
        "ci_high": _number(effect.high),
        "n": effect.n,
        "n_clusters": effect.n_clusters,
        "top1_accuracy": one.top1_accuracy,
        "undefined": one.undefined,
        "is_chosen": one.is_chosen,
    }
