"""The attributes of a pair's query, ranked, and the one that answers, as the run answers for its test pairs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.explain.evidence import QueriedPair
from flows.explain.options import Progress
from flows.explain.results import StoredResults
from flows.readers.answer_evidence import fit_answer_calibration, read_answer_evidence
from flows.readers.attribute_groups import group_name_of_attribute
from flows.readers.labelled_embeddings import read_labelled_embeddings
from pipeline.explanation.answer.candidates import answer_candidates
from pipeline.explanation.answer.naming import named_among
from pipeline.explanation.answer.pair_answers import PairAnswers, told_by
from pipeline.explanation.answer.probability import calibrated_probability
from pipeline.explanation.answer.refits import exchanged_effects, reweighted_effects
from pipeline.explanation.answer.uncertainty import effect_intervals, effect_uncertainty
from pipeline.explanation.combination import rank_attributes
from pipeline.explanation.evidence import ExplanationEvidence
from pipeline.explanation.variants import VARIANTS
from pipeline.saliency.rise.declaration import RISE

REFITS = "refitting directions"
# Ranks without the labels of the query, and without maps.
UNTOLD = "embedding_effect+presence"


@dataclass(frozen=True)
class RankedAttribute:
    """One attribute of a pair's query.

    Attributes:
        attribute: its name.
        score: by which it is ranked, in the variant's own scale.
        effect: predicted drop of the similarity without it.
        effect_low: lower end of the 95 % interval over reweighted training images.
        effect_high: upper end.
        presence: estimated probability that the query has it.
        is_labelled: the query is labelled with it.
    """

    attribute: str
    score: float
    effect: float
    effect_low: float
    effect_high: float
    presence: float
    is_labelled: bool


@dataclass(frozen=True)
class AnsweredPair:
    """What is said of one pair's attributes.

    Attributes:
        answer: what the table `answers` would say of the pair, without its id and split.
        attributes: those that may be named, best first.
        effects_a: float64 (attribute,), predicted effects in the vocabulary's order.
        notes: sentences on what differs from the run's answers.
    """

    answer: Mapping[str, Any]
    attributes: tuple[RankedAttribute, ...]
    effects_a: np.ndarray
    notes: tuple[str, ...]


def answer_pair(queried: QueriedPair, refits: int | None, progress: Progress) -> AnsweredPair:
    """Return what is said of the attributes of a pair's query.

    Args:
        queried: the pair, after its passes.
        refits: of directions; None: as many as the run takes.
        progress: told how many refits are done.

    Raises:
        BadModel, BadSetting: see `pair_effects`.
    """
    results, pairs = queried.results, queried.pairs
    settings, upstream = results.inputs("answers").settings, results.upstream
    chosen = next(row for row in upstream.rows("answers", "answer_choice") if row["is_chosen"])
    variant, notes = _usable_variant(queried, chosen["variant"])
    evidence = queried.evidence(variant)
    scores_pa = VARIANTS[variant].scores(evidence)
    candidates = answer_candidates(evidence.present_pa, evidence.presence_pa, settings["presence"] == "labels")
    named_p = named_among(scores_pa, candidates.may_be_named_pa)
    compared_pa = candidates.with_named(named_p)
    train = read_labelled_embeddings(upstream, "train")
    seed, draws = int(settings["seed"]), refits or int(settings["refits"])
    reweighted = list(_told(reweighted_effects(train, pairs, seed, draws), progress, 0, 2 * draws))
    exchanged = _told(exchanged_effects(train, pairs, seed, draws), progress, draws, 2 * draws)
    uncertainty = effect_uncertainty(named_p, compared_pa, evidence.effects_pa, reweighted, exchanged)
    answers = PairAnswers(
        variant,
        results.attribute_names,
        evidence.present_pa,
        candidates,
        named_p,
        uncertainty,
        told_by(train, uncertainty, not notes and (chosen["ci_low"] or 0) > 0),
        _probability(results, evidence, named_p, compared_pa, None if notes else variant),
        group_name_of_attribute(upstream),
        bool(settings["audited"]),
    )
    ranked = _ranked(results.attribute_names, evidence, scores_pa, candidates.may_be_named_pa[0], reweighted)
    return AnsweredPair(answers.columns(0), ranked, evidence.effects_pa[0], notes)


def _usable_variant(queried: QueriedPair, chosen: str) -> tuple[str, tuple[str, ...]]:
    """Return the variant that ranks here, and why it is not the one that answers for the run, if it is not."""
    supervision = queried.results.settings.saliency.supervision
    if "maps_pyx" in VARIANTS[chosen].needs and supervision != RISE.name:
        why = f"it matches maps of {supervision}, and only those of {RISE.name} are made here"
    elif VARIANTS[chosen].is_told_labels and not queried.labelled_1a.any():
        why = "it is told the query's labels, and of this one none are known"
    else:
        return chosen, ()
    return UNTOLD, (f"The run answers by {chosen}, but {why}: ranked by {UNTOLD} instead.",)


def _probability(
    results: StoredResults,
    evidence: ExplanationEvidence,
    named_p: np.ndarray,
    compared_pa: np.ndarray,
    calibrated_for: str | None,
) -> np.ndarray:
    """Return (1,) the probability of being right, or of being there; NaN where the variant was not calibrated."""
    settings = results.inputs("answers").settings
    if not settings["audited"]:
        present_p: np.ndarray = evidence.presence_pa[np.arange(len(named_p)), named_p].astype(np.float64)
        return present_p
    calibration = None
    if calibrated_for is not None:
        valid = read_answer_evidence(results.upstream, settings, "valid")
        calibration = fit_answer_calibration(results.upstream, valid, calibrated_for)
    return calibrated_probability(calibration, evidence.effects_pa, named_p, compared_pa)


def _ranked(
    names: Sequence[str],
    evidence: ExplanationEvidence,
    scores_1a: np.ndarray,
    may_be_named_a: np.ndarray,
    reweighted: Sequence[np.ndarray],
) -> tuple[RankedAttribute, ...]:
    """Return the attributes that may be named, best first; those that the variant excludes are left out."""
    low_1a, high_1a = effect_intervals(evidence.effects_pa, reweighted)
    order_a = rank_attributes(scores_1a)[0]
    return tuple(
        RankedAttribute(
            names[a],
            float(scores_1a[0, a]),
            float(evidence.effects_pa[0, a]),
            float(low_1a[0, a]),
            float(high_1a[0, a]),
            float(evidence.presence_pa[0, a]),
            bool(evidence.present_pa[0, a]),
        )
        for a in order_a
        if may_be_named_a[a] and np.isfinite(scores_1a[0, a])
    )


def _told(draws: Iterable[np.ndarray], progress: Progress, first: int, total: int) -> Iterator[np.ndarray]:
    for done, draw in enumerate(draws, start=first + 1):
        progress(REFITS, done, total)
        yield draw
