"""Right answers by how sure they are called: counted by hand, the truth never read by the rule itself."""

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import how_sure_answers as benchmark
from benchmarks.how_sure_answers import judged_answers, main, markdown
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.replacement_test import ReplacementTest
from tests.flows.run_cases import FinishedRun
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import ANSWER, NO_ANSWER, OUTCOME

FALLS, RISES = ReplacementTest(-0.2, -0.1), ReplacementTest(-0.2, 0.1)
RIGHT, WRONG = {**OUTCOME, "hit": True}, OUTCOME
UNLIKELY = {**ANSWER, "probability": 0.6}
# Answer, test with other images, truth.
PAIRS = [
    *[(ANSWER, FALLS, RIGHT)] * 3,
    (ANSWER, FALLS, WRONG),
    *[(UNLIKELY, FALLS, RIGHT), (UNLIKELY, FALLS, WRONG)] * 2,
    # The truth would call this one sure.
    (ANSWER, RISES, RIGHT),
    *[(ANSWER, RISES, WRONG)] * 4,
    (ANSWER, FALLS, {**RIGHT, "eligible": False}),
    # Neither is counted: without an answer, without truth.
    (NO_ANSWER, FALLS, {**RIGHT, "attribute": None}),
    (ANSWER, FALLS, None),
]


def assert_counted_right(tested: Any = benchmark) -> None:
    answers = [answer for answer, _, _ in PAIRS]
    known = [PairKnowledge(test, truth) for _, test, truth in PAIRS]
    queries = [f"query_{row // 2}" for row in range(len(PAIRS))]
    found = tested.judged_answers(answers, known, queries, 0, 200)
    assert [(one.level, one.right.n, one.right.value) for one in found] == [
        ("sure", 5, pytest.approx(3 / 5)),
        ("unsure", 4, 0.5),
        ("contradicted", 5, pytest.approx(1 / 5)),
        ("sure", 9, pytest.approx(5 / 9)),
        ("unsure", 0, pytest.approx(float("nan"), nan_ok=True)),
        ("contradicted", 5, pytest.approx(1 / 5)),
    ]


def test_right_answers_are_counted_by_level(tmp_path: Path) -> None:
    assert_counted_right()
    for line, wrong in (
        ("replace(one, outcome=None)", "one"),
        ('one.outcome["eligible"] and one.outcome["hit"]', 'one.outcome["hit"]'),
    ):
        with pytest.raises(AssertionError):
            assert_counted_right(broken_copy(benchmark, tmp_path, line, wrong))


def test_a_level_without_answers_has_no_share() -> None:
    found = judged_answers([ANSWER], [PairKnowledge(FALLS, RIGHT)], ["query"], 0, 100)
    assert markdown(found).splitlines()[3] == "| all checks | unsure | 0 | 0 | - |"


def test_a_run_is_counted_whole(finished_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(finished_run.config)]) == 0
    rows = re.findall(r"\| (all checks|without the probability) \| \w+ \| (\d+) \|", capsys.readouterr().out)
    (named,) = finished_run.query(
        "select count(*) as n from answers a join audit_outcomes o using (pair_id) "
        "where a.split = 'test' and a.attribute is not null and o.variant = 'answer'"
    )
    for checks in ("all checks", "without the probability"):
        assert sum(int(count) for name, count in rows if name == checks) == named["n"] > 0


def test_without_audited_answers_it_says_what_to_do(finished_run: FinishedRun, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run the configuration first"):
        main([str(finished_run.config), "--set", f"store.root={tmp_path}"])
