"""What reads results takes the decision that is kept, and says so where there is none; none of it imports torch."""

import json

import pytest

from flows.auto_compute.decide import Runs, decided
from flows.auto_compute.resolve import possible, resolved
from flows.commands.collect import look
from flows.configured_runs import has_work
from flows.settings.asked_run import AskedRun
from tests.end_to_end.test_second_run import run_commands
from tests.flows.auto_compute.fake_measures import FakeMeasures
from tests.flows.run_cases import FinishedRun, as_options, invoke

AUTO = ("compute.precision=auto", "compute.batch_size=auto")
UNDECIDED = "not decided yet for this model on this device; taken for float32 here, sane run decides it"


def decide(run: FinishedRun, *overrides: str) -> str:
    request = decided(AskedRun(run.settings(*AUTO, *overrides)), Runs(lambda first: None, has_work), lambda line: None)
    return request.settings.compute.precision


def test_without_a_decision_it_is_float32_and_said_once_a_seed(finished_run: FinishedRun) -> None:
    result = invoke("status", finished_run.config, "--format", "json", *as_options(AUTO))
    assert result.stderr == f"seed 0: what compute.precision = 'auto' stands for is {UNDECIDED}\n"
    assert {row["state"] for row in json.loads(result.stdout)} == {"current"}
    assert invoke("status", finished_run.config, "--format", "json").stderr == ""


def test_before_there_are_images_it_is_float32_too(finished_run: FinishedRun) -> None:
    told: list[str] = []
    found = resolved(finished_run.settings(*AUTO, "store.root=elsewhere"), told.append)
    assert (found.compute.precision, found.compute.batch_size) == ("float32", 100)
    assert len(told) == 1


def test_asking_reads_the_decision_and_imports_no_torch(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeMeasures(speedup=1.0).install(monkeypatch)
    assert decide(run_copy) == "float32"
    config, options = str(run_copy.config), as_options(AUTO)
    asked = (
        ["status", config, *options],
        ["status", config, "--failed", *options],
        ["plan", config, *options],
        ["query", config, "select count(*) as rows from metrics", *options],
        ["report", config, *options],
        ["gc", config, *options],
        ["verify", config, *options],
        ["run", config, *options],
    )
    text, modules, _ = run_commands(*asked)
    assert not modules & {"torch", "prefect", "dask"}
    assert f"nothing to do, all {run_copy.stage_count} stages are current" in text
    assert "is float32: bfloat16 is 1.00 times as fast" in text


def test_a_decision_for_bfloat16_makes_float32_results_stale(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeMeasures().install(monkeypatch)
    assert decide(run_copy) == "bfloat16"
    states = run_copy.status(*AUTO)
    assert states["images"]["state"] == states["similarity_model"]["state"] == "current"
    assert states["embeddings"]["state"] == "stale"
    assert any("compute.precision: float32 -> bfloat16" in reason for reason in states["embeddings"]["reasons"])


def test_results_at_either_precision_are_kept_whatever_this_machine_decided(
    run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_copy.run("compute.precision=bfloat16", until="embeddings")
    asked = [("planted", run_copy.settings(*AUTO))]
    assert [one.compute.precision for one in possible(asked[0][1])] == ["float32", "bfloat16"]
    assert look(asked, None).garbage == ()
    FakeMeasures(speedup=1.0).install(monkeypatch)
    decide(run_copy)
    # Another machine on the same store may have decided otherwise.
    assert look(asked, None).garbage == ()
    said = [("planted", run_copy.settings("compute.precision=float32"))]
    assert {item.stage for item in look(said, None).garbage} == {"embeddings"}
