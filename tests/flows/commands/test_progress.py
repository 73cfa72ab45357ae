"""What a run prints as it goes on: one line each, with its moment, the place among all stages and the time left."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from flows.commands import progress, run_lines
from flows.commands.progress import console_reporter, why_it_runs
from flows.commands.time_left import TimeLeft
from flows.engine.plan import PlannedShard, StagePlan
from flows.engine.stage import ShardPlan, Stage
from flows.jobs.progress import report_epoch
from stores.manifests import Commit

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 ")


def plan(name: str, state: str, *reasons: str, shards: int = 4) -> StagePlan:
    stage = Stage(name, "flows.jobs.images", {}, (), (), lambda upstream, stage: [])
    planned = tuple(PlannedShard(ShardPlan(str(number), {}), str(number)) for number in range(shards))
    return StagePlan(stage, state, reasons, shards=planned)


def commits(name: str, count: int) -> Iterator[Commit]:
    for number in range(count):
        yield Commit(name, str(number), str(number), {}, {"images": 8}, 1.0, {})


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    logger = logging.getLogger("sane")
    handlers, propagates, level = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate = handlers, propagates
    logger.setLevel(level)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that each look at the clock advances it by."""
    now, step = [0.0], [20.0]

    def look() -> float:
        now[0] += step[0]
        return now[0]

    monkeypatch.setattr(progress.time, "monotonic", look)
    return step


def lines_of(ahead: dict[str, float | None], shards: int = 4) -> list[str]:
    console = Console(file=io.StringIO(), width=40)
    reporter = console_reporter(console, lambda: TimeLeft(ahead))
    maps = plan("saliency_maps.test.rise.fixed", "missing", "never made", shards=shards)
    reporter.stage_planned(plan("images", "current"))
    reporter.stage_planned(maps)
    for _ in reporter.shards_done(maps, commits(maps.stage.name, shards)):
        pass
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_each_line_begins_with_its_moment_and_is_not_folded(clock: list[float]) -> None:
    lines = lines_of({"saliency_maps.test.rise.fixed": 80.0, "metrics": 40.0, "report": 60.0})
    assert all(MOMENT.match(line) for line in lines)
    assert [MOMENT.sub("", line) for line in lines] == [
        "saliency_maps.test.rise.fixed: never made",
        "  saliency_maps.test.rise.fixed: 1 of 4 shards, stage 1 of 3, 20 s, about 60 s left, "
        "about 3 min left for all stages",
        "  saliency_maps.test.rise.fixed: 2 of 4 shards, stage 1 of 3, 40 s, about 40 s left, "
        "about 2 min left for all stages",
        "  saliency_maps.test.rise.fixed: 3 of 4 shards, stage 1 of 3, 60 s, about 20 s left, "
        "about 2 min left for all stages",
        "  saliency_maps.test.rise.fixed: 4 of 4 shards, stage 1 of 3, 80 s, about 2 min left for all stages",
    ]


def test_no_time_is_told_where_none_is_known_or_left(clock: list[float]) -> None:
    lines = lines_of({"saliency_maps.test.rise.fixed": None, "metrics": None})
    assert "all stages" not in "".join(lines)
    assert lines[-1].endswith("4 of 4 shards, stage 1 of 2, 80 s")
    assert not [line for line in lines_of({}) if "about 0" in line]


def test_log_lines_of_jobs_have_moments_as_well() -> None:
    console = Console(file=io.StringIO(), width=30)
    console_reporter(console)
    logging.getLogger("sane").warning("images: 3 of 700 cannot be read and are left out: see [b]\nthe table")
    assert isinstance(console.file, io.StringIO)
    first, second = console.file.getvalue().splitlines()
    assert MOMENT.match(first)
    assert MOMENT.match(second)
    assert first.endswith("left out: see [b]")


@pytest.mark.parametrize(
    ("state", "reasons", "words"),
    [
        ("missing", ("never made",), "never made"),
        ("missing", ("removed since run 2026 used it",), "removed since run 2026 used it"),
        ("stale", ("forced",), "forced"),
        ("missing", ("forced",), "forced"),
        ("stale", ("saliency.rise.masks: 24 -> 25",), "stale (saliency.rise.masks: 24 -> 25)"),
        ("partial", ("a", "b", "c", "d"), "partial (a; b; c)"),
    ],
)
def test_a_stage_is_called_missing_only_where_it_never_was(state: str, reasons: tuple[str, ...], words: str) -> None:
    assert why_it_runs(plan("images", state, *reasons)) == words


def test_on_a_terminal_epochs_move_the_bar_of_a_stage_of_one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[float] = []
    monkeypatch.setattr(progress._Bars, "inner", lambda self, share: shown.append(share))
    monkeypatch.setattr("flows.jobs.progress.SECONDS_BETWEEN_LINES", 0)
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    reporter = console_reporter(console, lambda: TimeLeft({"similarity_model": None}))
    training = plan("similarity_model", "missing", "never made", shards=1)

    def shard() -> Iterator[Commit]:
        report = report_epoch("similarity_model")
        for epoch in (1, 2, 3, 4):
            report(epoch, 4, 0.5)
        yield from commits("similarity_model", 1)

    for _ in reporter.shards_done(training, shard()):
        pass
    assert shown == [0.25, 0.5, 0.75, 1.0]
    assert isinstance(console.file, io.StringIO)
    assert "epoch" not in console.file.getvalue()
    assert "all stages (stage 1 of 1)" in console.file.getvalue()


def test_without_a_terminal_epochs_are_lines_without_zero_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.jobs.progress.SECONDS_BETWEEN_LINES", 0)
    console = Console(file=io.StringIO(), width=80)
    console_reporter(console)
    report_epoch("similarity_model")(4, 4, 0.5)
    assert isinstance(console.file, io.StringIO)
    (line,) = console.file.getvalue().splitlines()
    assert line.endswith(" similarity_model: epoch 4 of at most 4, validation 0.5000")


def test_the_bar_of_all_stages_counts_those_that_turned_out_current() -> None:
    ahead = TimeLeft({"a": 1.0, "b": 2.0, "c": None, "d": 4.0})
    assert ahead.place("a") == "stage 1 of 4"
    assert ahead.after("a") is None
    ahead.passed("a")
    ahead.passed("c")
    assert ahead.place("b") == "stage 3 of 4"
    assert ahead.after("b") == 4.0
    assert ahead.done("b", 0.5) == 2.5
    assert ahead.place("not among them") == ""
    ahead.begin("not thought of")
    assert ahead.place("not thought of") == "stage 3 of 5"
    assert run_lines.INNER_PROGRESS == "inner_progress"
