"""Curves of fewer pairs, in fewer steps, or of none: those that are made are the same, and costs follow."""

from typing import Any

import pytest

from flows.configured_runs import configured_runs
from tests.flows.run_cases import FinishedRun, invoke

RISE = "faithfulness.rise.fixed"
ROWS = "select * from faithfulness where generator = 'rise'"
FEWER = "evaluation.curve_pairs=7"


def by_pair(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["pair_id"]: row for row in rows}


def test_by_default_no_key_names_them(finished_run: FinishedRun) -> None:
    for overrides in ((), ("evaluation.curves=true", "evaluation.curve_steps=100")):
        stages = {stage.name: stage for stage in configured_runs(finished_run.settings(*overrides))[0].stages}
        for name in (RISE, "metrics", "report"):
            assert not [key for key in stages[name].settings if key.startswith("curve")]


@pytest.mark.slow
def test_curves_of_fewer_pairs_are_those_of_all(run_copy: FinishedRun) -> None:
    every = by_pair(run_copy.query(ROWS))
    plan = run_copy.status(FEWER, command="plan")[RISE]
    computed = run_copy.computed(FEWER, until=RISE)
    assert computed == {RISE: plan["shards_to_do"]}
    fewer = by_pair(run_copy.query(ROWS, FEWER))
    assert 0 < len(fewer) <= 7 < len(every) == 24
    assert fewer == {pair: every[pair] for pair in fewer}
    # Whole queries, so that intervals can be clustered by them.
    queries = {row["pair_id"]: row["query"] for row in run_copy.query("select pair_id, query from pairs")}
    measured = {queries[pair] for pair in fewer}
    assert set(fewer) == {pair for pair in every if queries[pair] in measured}
    (passes,) = run_copy.query(f"select sum(forward_passes) n from runtime where stage = '{RISE}'", FEWER)
    assert passes["n"] <= plan["forward_passes"] <= 2 * 7 + 198 * 7


@pytest.mark.slow
def test_fewer_steps_cost_fewer_passes(run_copy: FinishedRun) -> None:
    short = (FEWER, "evaluation.curve_steps=5")
    plan = run_copy.status(*short, command="plan")[RISE]
    run_copy.run(*short, until=RISE)
    rows = run_copy.query(ROWS, *short)
    assert {len(row[curve]) for row in rows for curve in ("insertion_curve", "deletion_curve")} == {6}
    (passes,) = run_copy.query(f"select sum(forward_passes) n from runtime where stage = '{RISE}'", *short)
    assert passes["n"] <= plan["forward_passes"] <= 2 * 7 + 8 * 7


@pytest.mark.slow
def test_without_curves_all_else_is_made_and_the_report_says_so(run_copy: FinishedRun) -> None:
    off = "evaluation.curves=false"
    assert not [name for name in run_copy.status(off) if name.startswith("faithfulness")]
    assert set(run_copy.computed(off)) == {"metrics", "pair_pages.test", "report"}
    tables = {row["table_name"] for row in run_copy.query("select distinct table_name from metrics", off)}
    assert {"attribute_explanation", "map_localisation"} <= tables
    assert not {name for name in tables if name.startswith("saliency_faithfulness")}
    report = run_copy.config.parent / "without"
    assert invoke("report", run_copy.config, "--set", off, "--output", report).exit_code == 0
    assert "Insertion and deletion curves were turned off" in (report / "evidence.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("bad", ["curve_pairs=0", "curve_steps=1", "curve_steps=100000", "curves=2"])
def test_what_makes_no_curve_is_refused(finished_run: FinishedRun, bad: str) -> None:
    assert invoke("status", finished_run.config, "--set", f"evaluation.{bad}").exit_code == 2
