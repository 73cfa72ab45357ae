"""One answer per test pair: which variant answers, what it names, and how far to trust that."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.answer_evidence import AnswerEvidence, fit_answer_calibration, read_answer_evidence
from flows.readers.attribute_groups import group_name_of_attribute
from flows.readers.clusters import read_pair_clusters
from flows.readers.labelled_embeddings import read_embedded_pairs, read_labelled_embeddings
from flows.readers.replacement_effects import read_replacement_effects
from pipeline.evaluation.answer_choice import CandidateAnswer, compare_answers
from pipeline.evaluation.bootstrap import Resampling
from pipeline.explanation.answer.naming import NOTHING_NAMED
from pipeline.explanation.answer.pair_answers import NOT_TOLD, PairAnswers, told_by
from pipeline.explanation.answer.probability import calibrated_probability
from pipeline.explanation.answer.refits import exchanged_effects, reweighted_effects
from pipeline.explanation.answer.uncertainty import EffectUncertainty, effect_uncertainty
from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return the tables `answers` and `answer_choice`, and what is named for each test pair.

    Arrays `answered` (pair,), -1 where no attribute explains the match, and `named` (variant, pair) of all that may
    answer, in the order of the setting.
    """
    settings = inputs.settings
    valid, test = (read_answer_evidence(inputs.upstream, settings, split) for split in ("valid", "test"))
    choice = _choose(inputs, valid)
    chosen = next(one for one in choice if one.is_chosen)
    variant = chosen.variant
    named_p = test.named(variant)
    train = read_labelled_embeddings(inputs.upstream, "train")
    uncertainty = _uncertainty(inputs, train, test, named_p)
    if settings["audited"]:
        calibration = fit_answer_calibration(inputs.upstream, valid, variant)
        named_pa = test.candidates.with_named(named_p)
        probability_p = calibrated_probability(calibration, test.effects_pa, named_p, named_pa)
    else:
        probability_p = test.presence_pa[np.arange(len(named_p)), named_p]
    answers = PairAnswers(
        variant,
        test.frame.attribute_names,
        test.frame.present_pa,
        test.candidates,
        named_p,
        uncertainty,
        told_by(train, uncertainty, chosen.matched_effect.low > 0),
        probability_p,
        group_name_of_attribute(inputs.upstream),
        bool(settings["audited"]),
    )
    rows = [
        {"pair_id": pair_id, "split": test.frame.split, **answers.columns(pair)}
        for pair, pair_id in enumerate(test.frame.pair_ids)
    ]
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


def _choose(inputs: JobInputs, valid: AnswerEvidence) -> list[CandidateAnswer]:
    settings = inputs.settings
    return compare_answers(
        {variant: valid.named(variant) for variant in settings["may_answer"]},
        -read_replacement_effects(inputs.upstream, "valid", "matched", valid.frame),
        valid.frame.present_pa,
        read_pair_clusters(inputs.upstream, valid.frame, settings["shared_unit"]),
        Resampling(int(settings["seed"]), int(settings["bootstrap_samples"])),
        None if settings["answer"] == "auto" else settings["answer"],
    )


def _uncertainty(
    inputs: JobInputs, train: LabelledEmbeddings, test: AnswerEvidence, named_p: np.ndarray
) -> EffectUncertainty:
    pairs = read_embedded_pairs(inputs.upstream, test.frame)
    seed, draws = int(inputs.settings["seed"]), int(inputs.settings["refits"])
    return effect_uncertainty(
        named_p,
        test.candidates.with_named(named_p),
        test.effects_pa,
        reweighted_effects(train, pairs, seed, draws),
        exchanged_effects(train, pairs, seed, draws),
    )


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
