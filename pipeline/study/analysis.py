"""The analysis of a study, from answers to figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.evaluation.bootstrap import Resampling
from pipeline.study.answers import Answer
from pipeline.study.design import PROTOCOLS, StudyDesign
from pipeline.study.effects import BASELINE, SHOWN_LEFT, DatasetModel, dataset_models
from pipeline.study.judged import ExclusionRules, Exclusions, JudgedAnswer, judged_answers, kept_sessions
from pipeline.study.sample_size import AssumedAnswers, Power, power_by_subjects, subjects_needed
from pipeline.study.shares import ConditionDifference, Share, condition_differences, shares


@dataclass(frozen=True)
class AnalysisPlan:
    """What was fixed before looking at the answers.

    Attributes:
        rules: whose answers are left out.
        resampling: of intervals.
        power: that a study should have.
        simulations: of each size of a study; 0 for none.
    """

    rules: ExclusionRules
    resampling: Resampling
    power: float = 0.8
    simulations: int = 400


@dataclass(frozen=True)
class NeededSubjects:
    """How large a study would have to be to tell what was found here.

    Attributes:
        dataset: of the answers.
        effect: in words.
        powers: by number of subjects.
        subjects: for the wanted power; None: more than were simulated.
    """

    dataset: str
    effect: str
    powers: tuple[Power, ...]
    subjects: int | None


@dataclass(frozen=True)
class ProtocolAnalysis:
    """The figures of one protocol.

    Attributes:
        protocol: `preference` or `prediction`.
        exclusions: what became of the sessions.
        answers: that are analysed.
        shares: of the sessions that are kept.
        all_shares: of all sessions, for comparison.
        differences: between conditions.
        models: mixed-effects models.
        needed: sizes of studies.
    """

    protocol: str
    exclusions: Exclusions
    answers: int
    shares: tuple[Share, ...]
    all_shares: tuple[Share, ...]
    differences: tuple[ConditionDifference, ...]
    models: tuple[DatasetModel, ...]
    needed: tuple[NeededSubjects, ...]


def analyse(
    answers: Sequence[Answer], designs: Mapping[str, StudyDesign], plan: AnalysisPlan
) -> list[ProtocolAnalysis]:
    """Return the figures of each protocol that there are answers of.

    Args:
        answers: as `AnswerReader` returns them.
        designs: by `study`.
        plan: rules and numbers.
    """
    found = []
    for protocol in PROTOCOLS:
        given = [answer for answer in answers if answer.protocol == protocol]
        if given:
            found.append(_analyse(protocol, given, designs, plan))
    return found


def _analyse(
    protocol: str, given: Sequence[Answer], designs: Mapping[str, StudyDesign], plan: AnalysisPlan
) -> ProtocolAnalysis:
    sessions, exclusions = kept_sessions(given, designs, plan.rules)
    everything = judged_answers(given, designs)
    judged = [answer for answer in everything if answer.session in sessions]
    models = dataset_models(judged)
    return ProtocolAnalysis(
        protocol,
        exclusions,
        len(judged),
        tuple(shares(judged, plan.resampling)),
        tuple(shares(everything, plan.resampling)),
        tuple(condition_differences(judged, plan.resampling)),
        tuple(models),
        tuple(_needed(model, judged, plan) for model in models if model.fit is not None and plan.simulations),
    )


def _needed(model: DatasetModel, judged: Sequence[JudgedAnswer], plan: AnalysisPlan) -> NeededSubjects:
    """Return the size for the model's share against chance, or for the condition farthest from the first."""
    assert model.fit is not None
    of_dataset = [answer for answer in judged if answer.dataset == model.dataset]
    by_name = {term.term: term for term in model.terms}
    others = [term for term in model.terms if term.term not in (BASELINE, SHOWN_LEFT)]
    base = by_name[BASELINE].log_odds
    farthest: Any = max(others, key=lambda term: abs(term.log_odds), default=None)
    conditions = 1 + len(others)
    each = len(of_dataset) / (len({answer.session for answer in of_dataset}) * conditions)
    questions = max(1, min(round(each), model.fit.items))
    assumed = AssumedAnswers(
        base if farthest is None else base + farthest.log_odds,
        None if farthest is None else base,
        model.fit.subject_spread,
        model.fit.item_spread,
        questions,
        model.fit.items,
    )
    powers = power_by_subjects(assumed, plan.resampling.seed, plan.simulations)
    effect = "share against 50 %" if farthest is None else f"{farthest.term} against {farthest.compared_with}"
    return NeededSubjects(model.dataset, effect, tuple(powers), subjects_needed(powers, plan.power))
