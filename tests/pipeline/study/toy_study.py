"""Small questionnaires without images, and subjects whose preferences are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pipeline.randomness import keyed_rng
from pipeline.study.answers import Answer
from pipeline.study.conditions import Condition, condition_of
from pipeline.study.design import LEFT, RIGHT, Question, StudiedDataset, StudyDesign
from pipeline.study.items import MatchedPair, Triplet
from pipeline.study.questionnaire import AskedDataset, Questionnaire, StudyPlan, make_questionnaire
from pipeline.study.shown_questions import Prediction, Preference

GROUPS = ("first", "second")
CONDITIONS = ("nothing", "answer")


class NoPictures:
    """Names of files that are not there; as in a real study they tell nothing of what is shown."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def photograph(self, image_id: str) -> str:
        return self._names.setdefault(image_id, f"images/{len(self._names):04d}.jpg")

    def map_over(self, pair_id: str) -> str:
        return self._names.setdefault(f"map {pair_id}", f"images/{len(self._names):04d}.jpg")


def pair(number: int, similarity: float = 0.5) -> MatchedPair:
    """A pair of its own query; every second one of the same reference as the next."""
    attributes = {"answer": f"named_{number:03d}", "random": f"drawn_{number:03d}"}
    return MatchedPair(f"pair-{number:03d}", f"query-{number:03d}", f"reference-{number:03d}", similarity, attributes)


def triplet(number: int) -> Triplet:
    better, worse = pair(2 * number, 0.8), pair(2 * number + 1, 0.3)
    return Triplet(better, MatchedPair(worse.pair_id, better.query, worse.reference, 0.3, worse.attributes))


def preference_study(
    questions: int = 10, items: int = 20, subjects: int = 40, checks: int = 2, datasets: Sequence[str] = ("birds",)
) -> Questionnaire:
    plan = StudyPlan(0, GROUPS, (Condition(False, "answer"),), questions, subjects, checks)
    asked = [
        AskedDataset(
            StudiedDataset(name, "awa2", items, 0),
            [pair(number) for number in range(items)],
            [pair(500 + number) for number in range(checks)],
            NoPictures(),
        )
        for name in datasets
    ]
    return make_questionnaire(plan, Preference(), asked)


def prediction_study(
    conditions: Sequence[str] = CONDITIONS, repeats: int = 4, subjects: int = 40, checks: int = 2
) -> Questionnaire:
    questions = repeats * len(conditions)
    plan = StudyPlan(0, GROUPS, tuple(map(condition_of, conditions)), questions, subjects, checks)
    asked = AskedDataset(
        StudiedDataset("birds", "awa2", questions, 0),
        [triplet(number) for number in range(questions)],
        [triplet(200 + number) for number in range(checks)],
        NoPictures(),
    )
    return make_questionnaire(plan, Prediction(), [asked])


@dataclass(frozen=True)
class Subjects:
    """How simulated subjects answer.

    Attributes:
        log_odds: of choosing what counts, of a question.
        subject_spread: standard deviation of subjects, log odds.
        item_spread: of items.
        guessing: share of the answers of attentive subjects that are given at random.
        inattentive: share of the subjects that answer everything at random, checks included.
    """

    log_odds: Callable[[Question], float]
    subject_spread: float = 0.0
    item_spread: float = 0.0
    guessing: float = 0.0
    inattentive: float = 0.0


def simulated_answers(design: StudyDesign, subjects: Subjects, count: int, seed: int) -> list[Answer]:
    """The answers of so many subjects, each with the next form, in groups that take turns."""
    answers = []
    items: dict[str, float] = {}
    for number in range(count):
        rng = keyed_rng(seed, "simulated subject", number)
        own, is_inattentive = rng.normal(0, subjects.subject_spread), rng.random() < subjects.inattentive
        form = number % len(design.forms)
        for place, name in enumerate(design.forms[form], start=1):
            question = design.questions[name]
            item = items.setdefault(
                question.item, keyed_rng(seed, "simulated item", question.item).normal(0, subjects.item_spread)
            )
            chance = 1.0 if question.is_check else float(expit(subjects.log_odds(question) + own + item))
            if not question.is_check:
                chance = (1 - subjects.guessing) * chance + subjects.guessing / 2
            if is_inattentive:
                chance = 0.5
            other = RIGHT if question.target == LEFT else LEFT
            choice = question.target if rng.random() < chance else other
            answers.append(
                Answer(
                    design.study,
                    design.protocol,
                    f"{number:016x}",
                    form + 1,
                    design.groups[number % len(design.groups)],
                    place,
                    name,
                    choice,
                    float(np.round(rng.gamma(4.0), 3)),
                )
            )
    return answers
