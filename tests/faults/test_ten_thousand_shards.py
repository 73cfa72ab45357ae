"""Ten thousand shards that cost nothing: what is left is the price of a shard, which docs/scale.md reckons with.

No time is asserted but the five seconds that people wait for `sane status`; the figures are printed.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.engine.on_dask.cluster import dask_cluster
from flows.engine.on_dask.runner import DaskRun
from flows.engine.plan import plan_stage
from flows.engine.run import Runner
from flows.engine.runners import run_inline
from flows.engine.shard_task import ShardTask
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from stores.artifacts import ArtifactStore
from stores.manifests import Commit
from tests.faults.hand_started_cluster import hand_started_cluster
from tests.faults.test_dask_workers import options_for
from tests.faults.trivial_job import install
from tests.faults.trivial_stage import TrivialStage

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(1800)]

SHARDS = int(os.environ.get("SANE_TRIVIAL_SHARDS", "10000"))
# Prefect's task runs cost a call of the server each; a tenth tells the price.
SHARDS_AS_TASKS = SHARDS // 50


@pytest.fixture(autouse=True)
def _trivial_job() -> Iterator[None]:
    install()
    yield
    del sys.modules["flows.jobs.trivial"]


def driver_memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def do_all(runner: Runner, stage: TrivialStage, name: str) -> float:
    """Do the shards and return the driver's growth in MB from the first tenth on."""
    started, cpu_started = time.perf_counter(), time.process_time()
    early = 0.0
    for done, _ in enumerate(runner(stage.tasks), start=1):
        if done == len(stage.tasks) // 10:
            early = driver_memory_mb()
    each_ms = 1000 * (time.perf_counter() - started) / len(stage.tasks)
    cpu_ms = 1000 * (time.process_time() - cpu_started) / len(stage.tasks)
    growth = driver_memory_mb() - early
    say(
        f"{name}: {len(stage.tasks)} shards, {each_ms:.1f} ms a shard, {cpu_ms:.1f} ms of them the driver's CPU; "
        f"driver grew by {growth:.1f} MB"
    )
    return growth


def say(figures: str) -> None:
    sys.stdout.write(f"\n{figures}\n")


def test_in_one_process_and_status_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = TrivialStage(tmp_path, SHARDS)
    growth = do_all(run_inline, stage, "one process")
    assert growth < 50
    assert len(stage.started()) == SHARDS
    # What `sane status` does where nothing but commits is there, as after a kill.
    store = ArtifactStore(stage.store_root)
    planned = graph_stage(stage, monkeypatch)
    started, cpu_started = time.perf_counter(), time.process_time()
    plan = plan_stage(planned, store, {})
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    say(f"status of {SHARDS} committed shards without a manifest: {seconds:.2f} s, {cpu_seconds:.2f} s of CPU")
    assert len(plan.shards_done) == SHARDS
    # CPU time, all threads': what it takes on a machine with nothing else to do.
    assert cpu_seconds < 5


def graph_stage(stage: TrivialStage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Return a stage of the graph whose shards have the trivial ones' keys."""
    keys = {task.shard_label: task.shard_key for task in stage.tasks}

    def cut(_upstream: Upstream, _stage: Stage) -> list[ShardPlan]:
        return [ShardPlan(label, {"label": label}) for label in keys]

    def key_of(ingredients: dict[str, object]) -> str:
        inputs = ingredients.get("inputs")
        return keys[inputs["label"]] if isinstance(inputs, dict) else "0" * 64

    monkeypatch.setattr("flows.engine.plan.fingerprint", key_of)
    return Stage("trivial", "flows.jobs.vocabulary", {}, (), (), cut)


def test_through_dask(tmp_path: Path) -> None:
    stage = TrivialStage(tmp_path, SHARDS)
    with (
        hand_started_cluster(workers=2, resources=None) as hand_started,
        dask_cluster(options_for(tmp_path, hand_started.address)) as cluster,
    ):
        cluster.client.wait_for_workers(2, timeout=120)
        growth = do_all(DaskRun(cluster, 60), stage, "two Dask workers")
    assert growth < 50
    assert len(stage.started()) == SHARDS
    assert stage.values() == list(range(SHARDS))


def test_as_task_runs_of_a_flow(tmp_path: Path) -> None:
    from prefect import flow
    from prefect.testing.utilities import prefect_test_harness

    from flows.prefect_flows.stage_flow import ONE_AT_A_TIME, run_shards

    stage = TrivialStage(tmp_path, SHARDS_AS_TASKS)

    def in_a_flow(tasks: list[ShardTask]) -> Iterator[Commit]:
        @flow(task_runner=ONE_AT_A_TIME, persist_result=False)  # type: ignore[arg-type]
        def all_of_them() -> list[Commit]:
            return list(run_shards(tasks))

        yield from all_of_them()

    with prefect_test_harness(server_startup_timeout=300):
        do_all(in_a_flow, stage, "task runs on threads")
    assert len(stage.started()) == SHARDS_AS_TASKS
