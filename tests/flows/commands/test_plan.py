"""Numbers for people: three figures and the unit that suits."""

import pytest

from flows.commands.plan import bytes_in_words, in_words, print_costs, seconds_in_words
from flows.costs.estimate import StageCost
from flows.engine.plan import StagePlan
from flows.engine.stage import Stage


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (12_345, "12.3 k"), (999_400, "999 k"), (4_560_000, "4.56 M")],
)
def test_counts(count: int, words: str) -> None:
    assert in_words(count) == words


@pytest.mark.parametrize(("size", "words"), [(12, "12 B"), (1_310_000, "1.31 MB"), (93_400_000_000, "93.4 GB")])
def test_bytes(size: int, words: str) -> None:
    assert bytes_in_words(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "0.5 s"), (8.04, "8 s"), (42.0, "42 s"), (120.0, "2 min"), (5940, "99 min"), (12_000, "3 h 20 min")],
)
def test_seconds(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words


def cost(state: str, is_bound: bool) -> StageCost:
    stage = Stage("maps", "jobs.maps", {}, (), (), lambda upstream, stage: [])
    return StageCost(StagePlan(stage, state, ("waits", "all 3 shards to do")), 3, 7, 0, 0, 100, 1.0, 0.0, is_bound)


def test_verbose_names_every_module_and_the_table_else_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage("maps", "jobs.maps", {}, (), (), lambda upstream, stage: [])
    reasons = ("code.pipeline.first: code changed", "code.pipeline.second: code changed")
    changed = [StageCost(StagePlan(stage, "stale", reasons), 1, 7, 0, 0, 100, 1.0, 0.0, False)]
    print_costs(changed, 2, "seed 0", 1)
    short = capsys.readouterr().out
    assert "code changed: 2 modules" in short
    assert "pipeline.second" not in short
    assert "--adopt all" in short
    print_costs(changed, 2, "seed 0", 1, verbose=True)
    whole = capsys.readouterr().out
    assert "code.pipeline.second" in whole
    assert "--adopt all" not in whole


@pytest.mark.parametrize(
    ("states", "shards", "passes"),
    [
        ([("stale", False)], "3", "7"),
        ([("stale", False), ("stale", True)], "6", "≤ 14"),
        ([("stale", False), ("pending", True)], "≤ 6", "≤ 14"),
        ([("stale", True), ("pending", False)], "6", "≤ 14"),
    ],
)
def test_a_total_is_a_bound_where_a_part_of_it_is(
    states: list[tuple[str, bool]], shards: str, passes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_costs([cost(*one) for one in states], 2, "seed 0", 1)
    total = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("│ total"))
    assert [cell.strip() for cell in total.split("│")][3:5] == [shards, passes]
