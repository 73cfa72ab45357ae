"""The analysis finds what simulated subjects prefer; its intervals hold it as often as they say."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.study.analysis import AnalysisPlan, analyse
from pipeline.study.analysis_rows import analysis_rows
from pipeline.study.answers import Answer
from pipeline.study.design import Question, StudyDesign
from pipeline.study.judged import ExclusionRules, Exclusions, JudgedAnswer, judged_answers, kept_sessions
from pipeline.study.shares import EVERYONE, condition_differences, session_numbers, shares
from tests.pipeline.study.toy_study import Subjects, prediction_study, preference_study, simulated_answers

RESAMPLING = Resampling(0, 300)
STUDIES = 120
# 95 % intervals; of 120 studies a right one misses 6 on average, and more than 14 once in 800 times.
MOST_MISSED = 14


def judged(design: StudyDesign, answers: Sequence[Answer]) -> list[JudgedAnswer]:
    return judged_answers(answers, {design.study: design})


def kept(design: StudyDesign, answers: Sequence[Answer], rules: ExclusionRules) -> list[JudgedAnswer]:
    sessions, _ = kept_sessions(answers, {design.study: design}, rules)
    return [answer for answer in judged(design, answers) if answer.session in sessions]


def expected_share(subjects: Subjects, question: Question) -> float:
    """The share over all subjects, whose spread pulls it towards a half."""
    spread = np.random.default_rng(0).normal(0, subjects.subject_spread, 20_000)
    chance = float(expit(subjects.log_odds(question) + spread).mean())
    return (1 - subjects.guessing) * chance + subjects.guessing / 2


ANY = Question(0, "item", "answer", "left")


def test_the_share_is_that_of_the_subjects_by_dataset_and_group() -> None:
    design = preference_study(datasets=("birds", "bags")).design
    truth = Subjects(lambda question: 1.5 if question.dataset == 0 else 0.0, guessing=0.2)
    found = shares(judged(design, simulated_answers(design, truth, 160, 0)), RESAMPLING)
    by_key = {(share.dataset, share.group): share.interval for share in found}
    assert list(by_key) == [(name, group) for name in ("bags", "birds") for group in (EVERYONE, "first", "second")]
    wanted = 0.8 * float(expit(1.5)) + 0.1
    assert by_key["birds", EVERYONE].value == pytest.approx(wanted, abs=0.03)
    assert by_key["bags", EVERYONE].value == pytest.approx(0.5, abs=0.04)
    assert by_key["birds", EVERYONE].n == 1600
    assert by_key["birds", "first"].n == by_key["birds", "second"].n == 800
    assert by_key["birds", EVERYONE].n_clusters == 160


def missed(truth: Subjects, with_subjects: bool) -> int:
    """Of so many studies of 24 subjects, those whose interval misses the share over all subjects."""
    design, count = preference_study().design, 0
    wanted = expected_share(truth, ANY)
    for seed in range(STUDIES):
        answers = judged(design, simulated_answers(design, truth, 24, seed))
        if with_subjects:
            interval = shares(answers, RESAMPLING)[0].interval
        else:
            # A broken copy: every answer counts as if it were a subject of its own.
            chosen_a = np.array([answer.chose_target for answer in answers], dtype=np.float64)
            interval = clustered_interval(chosen_a, np.arange(len(answers)), seed=0, samples=RESAMPLING.samples)
        count += not interval.low <= wanted <= interval.high
    return count


def test_intervals_hold_the_share_as_often_as_they_say_and_not_without_clusters() -> None:
    truth = Subjects(lambda _: 0.7, subject_spread=2.5, guessing=0.1)
    assert missed(truth, with_subjects=True) <= MOST_MISSED
    assert missed(truth, with_subjects=False) > MOST_MISSED


def test_exclusions_recover_the_share_of_those_who_attend_and_leaving_them_out_does_not() -> None:
    design = preference_study(checks=4).design
    truth = Subjects(lambda _: 2.0, inattentive=0.5)
    answers = simulated_answers(design, truth, 200, 0)
    attentive = shares(kept(design, answers, ExclusionRules()), RESAMPLING)[0].interval
    assert attentive.low <= expit(2.0) <= attentive.high
    # A broken copy: exclusions ignored.
    everyone = shares(judged(design, answers), RESAMPLING)[0].interval
    assert not everyone.low <= expit(2.0) <= everyone.high
    assert everyone.value == pytest.approx((expit(2.0) + 0.5) / 2, abs=0.04)


def test_sessions_are_left_out_for_what_the_rules_say() -> None:
    design = preference_study(checks=2).design
    answers = simulated_answers(design, Subjects(lambda _: 1.0), 4, 0)

    def wrong_checks(session: int, count: int) -> None:
        places = [
            place
            for place, answer in enumerate(answers)
            if answer.session == f"{session:016x}" and design.questions[answer.question].is_check
        ]
        for place in places[:count]:
            other = "left" if answers[place].choice == "right" else "right"
            answers[place] = replace(answers[place], choice=other)

    wrong_checks(1, 1)
    wrong_checks(2, 2)
    unfinished = answers[:-1]
    for rules, wanted in (
        (ExclusionRules(), Exclusions(4, 1, 2)),
        (ExclusionRules(failed_checks_allowed=1), Exclusions(4, 1, 1)),
        (ExclusionRules(failed_checks_allowed=2), Exclusions(4, 1, 0)),
        (ExclusionRules(keep_unfinished=True), Exclusions(4, 0, 2)),
    ):
        sessions, exclusions = kept_sessions(unfinished, {design.study: design}, rules)
        assert exclusions == wanted
        assert len(sessions) == exclusions.kept
    assert len(judged(design, answers)) == 4 * 10


def test_differences_are_paired_by_subject() -> None:
    design = prediction_study().design
    truth = Subjects(lambda question: 1.2 if question.condition == "answer" else 0.0, subject_spread=2.0)
    answers = judged(design, simulated_answers(design, truth, 80, 1))
    (found,) = condition_differences(answers, RESAMPLING)
    assert (found.first, found.second) == ("answer", "nothing")
    interval = found.difference.interval
    first, second = (expected_share(truth, Question(0, "", name, "left")) for name in ("answer", "nothing"))
    assert interval.low <= first - second <= interval.high
    assert interval.low > 0
    assert found.difference.p_value < 0.02
    # A broken copy that takes the two conditions for two groups of subjects has a wider interval.
    apart = [replace(answer, session=f"{answer.condition} {answer.session}") for answer in answers]
    (unpaired,) = condition_differences(apart, RESAMPLING)
    width = interval.high - interval.low
    assert unpaired.difference.interval.high - unpaired.difference.interval.low > 1.2 * width


def test_conditions_that_differ_in_nothing_are_not_told_apart() -> None:
    design = prediction_study().design
    truth = Subjects(lambda _: 0.5, subject_spread=1.0)
    wrong = 0
    for seed in range(60):
        answers = judged(design, simulated_answers(design, truth, 20, seed))
        wrong += condition_differences(answers, RESAMPLING)[0].difference.p_value < 0.05
    # 3 on average; more than 9 once in 500 times.
    assert wrong <= 9


def test_a_whole_analysis_has_every_figure_once() -> None:
    preference, prediction = preference_study().design, prediction_study().design
    truth = Subjects(lambda question: 1.0 if question.condition == "answer" else 0.0, subject_spread=0.5)
    answers = [
        answer
        for number, design in enumerate((preference, prediction))
        for answer in (
            replace(one, session=f"{number}{one.session[1:]}") for one in simulated_answers(design, truth, 16, number)
        )
    ]
    designs = {design.study: design for design in (preference, prediction)}
    plan = AnalysisPlan(ExclusionRules(), RESAMPLING, simulations=20)
    found = analyse(answers, designs, plan)
    assert [one.protocol for one in found] == ["preference", "prediction"]
    assert [one.answers for one in found] == [160, 128]
    rows = analysis_rows(found)
    keys = [
        tuple(row[name] for name in ("protocol", "figure", "dataset", "condition", "compared_with", "group", "term"))
        + (row["subjects"] if row["figure"] == "power" else None,)
        for row in rows
    ]
    assert len(set(keys)) == len(keys)
    assert len({tuple(row) for row in rows}) == 1
    figures = {row["figure"] for row in rows}
    assert {"share", "share_of_all_sessions", "difference", "log_odds", "subject_spread", "power"} <= figures
    assert repr(analysis_rows(analyse(answers, designs, plan))) == repr(rows)


def test_sessions_are_numbered_without_gaps() -> None:
    design = preference_study().design
    numbers = session_numbers(judged(design, simulated_answers(design, Subjects(lambda _: 0.0), 3, 0)))
    assert numbers.tolist() == [number for number in range(3) for _ in range(10)]
