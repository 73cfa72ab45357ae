"""Answers joined with the design: whether each chose what counts, and which sessions are left out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.study.answers import Answer
from pipeline.study.design import LEFT, StudyDesign


@dataclass(frozen=True)
class JudgedAnswer:
    """An answer to a question that is analysed.

    Attributes:
        protocol: `preference` or `prediction`.
        dataset: its name.
        kind: its kind.
        condition: how the item was shown.
        session: the subject.
        group: of the subject.
        item: id of pair or triplet.
        target_is_left: the option that counts was shown left.
        chose_target: it was chosen.
        seconds: that it took.
    """

    protocol: str
    dataset: str
    kind: str
    condition: str
    session: str
    group: str
    item: str
    target_is_left: bool
    chose_target: bool
    seconds: float


@dataclass(frozen=True)
class ExclusionRules:
    """Whose answers are left out; fixed before looking at them.

    Attributes:
        failed_checks_allowed: sessions with more wrong answers to attention checks are left out.
        keep_unfinished: keep sessions that did not answer every question of their form.
    """

    failed_checks_allowed: int = 0
    keep_unfinished: bool = False


@dataclass(frozen=True)
class Exclusions:
    """What became of the sessions; each is counted once, as unfinished first.

    Attributes:
        sessions: all.
        unfinished: left out because questions are unanswered.
        inattentive: left out because of attention checks.
    """

    sessions: int
    unfinished: int
    inattentive: int

    @property
    def kept(self) -> int:
        """Sessions that are analysed."""
        return self.sessions - self.unfinished - self.inattentive


def judged_answers(answers: Sequence[Answer], designs: Mapping[str, StudyDesign]) -> list[JudgedAnswer]:
    """Return the answers to all questions but attention checks, of every session.

    Args:
        answers: as `AnswerReader` returns them.
        designs: by `study`.
    """
    judged = []
    for answer in answers:
        design = designs[answer.study]
        question = design.questions[answer.question]
        if not question.is_check:
            dataset = design.datasets[question.dataset]
            judged.append(
                JudgedAnswer(
                    design.protocol,
                    dataset.name,
                    dataset.kind,
                    question.condition,
                    answer.session,
                    answer.group,
                    question.item,
                    question.target == LEFT,
                    answer.choice == question.target,
                    answer.seconds,
                )
            )
    return judged


def kept_sessions(
    answers: Sequence[Answer], designs: Mapping[str, StudyDesign], rules: ExclusionRules
) -> tuple[set[str], Exclusions]:
    """Return the sessions that are analysed, and how many are left out for which reason."""
    by_session: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_session[answer.session].append(answer)
    kept, unfinished, inattentive = set(), 0, 0
    for session, given in by_session.items():
        design = designs[given[0].study]
        asked = [design.questions[answer.question] for answer in given]
        failed = sum(
            question.is_check and answer.choice != question.target
            for question, answer in zip(asked, given, strict=True)
        )
        if len(given) < len(design.forms[given[0].form - 1]) and not rules.keep_unfinished:
            unfinished += 1
        elif failed > rules.failed_checks_allowed:
            inattentive += 1
        else:
            kept.add(session)
    return kept, Exclusions(len(by_session), unfinished, inattentive)
