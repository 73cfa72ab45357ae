"""SIGKILL at random moments, many times: the digests of an uninterrupted run, and never more redone than was in flight.

A few kills of each kind in the ordinary tests; `make test-soak` sets SANE_KILLS for the whole soak, whose figures are
in docs/reliability.md. Threads and batch are fixed, and the last batch of every shard is a partial one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stores.artifacts import ArtifactStore
from tests.faults.hand_started_cluster import HandStartedCluster, children, hand_started_cluster, wait_for
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun
from tests.resume.counted_run import STARTS, begun, kill_group, start_run, wait_for_a_start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

STAGE = "saliency_maps.test.rise.fixed"
# Kills of a lone process, of Dask workers, of drivers with their workers, of flow runs.
KILLS = dict(
    zip(
        ("inline", "workers", "groups", "flows"),
        (int(word) for word in os.environ.get("SANE_KILLS", "3,3,1,1").split(",")),
        strict=True,
    )
)


@dataclass
class Soak:
    """A run whose upstream is finished, to be killed in one stage; and what the stage has to end in."""

    run: FinishedRun
    starts: Path
    digests: tuple[str, ...]
    shards: int
    chance: random.Random
    kills: int = 0
    rounds: int = 0
    redone: int = 0

    def begun(self) -> int:
        return len(begun(self.starts, STAGE))

    def options(self, *more: object) -> tuple[object, ...]:
        return (self.run.config, "--until", STAGE, *more)

    def finish_round(self, killed: int, in_flight: int) -> None:
        """Check a finished stage, and take it away again."""
        manifest = self.run.manifest(STAGE)
        assert manifest.digests == self.digests
        redone = self.begun() - self.shards
        assert 0 <= redone <= killed * in_flight, (redone, killed)
        self.kills, self.rounds, self.redone = self.kills + killed, self.rounds + 1, self.redone + redone
        ArtifactStore(str(self.run.store)).forget(STAGE, manifest.fingerprint, manifest.shard_keys)
        shutil.rmtree(self.run.store / STAGE)
        self.starts.unlink()

    def report(self, what: str) -> None:
        figures = f"{self.kills} kills in {self.rounds} runs of {self.shards} shards, {self.redone} shards redone"
        sys.stdout.write(f"\n{what}: {figures}\n")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    config = write_config(tmp_path_factory.mktemp("uninterrupted"), test="64", masks="530")
    # 530 masks are eight batches of 64 and a partial one of 18.
    config.write_text(config.read_text() + "batch_size = 64\n")
    run = FinishedRun(config)
    run.run(until=STAGE)
    return run


@pytest.fixture
def soak(uninterrupted: FinishedRun, tmp_path: Path) -> Soak:
    whole = uninterrupted.manifest(STAGE)
    copy = uninterrupted.copy_to(tmp_path / "copy")
    shutil.rmtree(copy.store / STAGE)
    return Soak(copy, tmp_path / "starts", whole.digests, len(whole.shard_keys), random.Random(20261121))


def run_and_kill(soak: Soak, longest_s: float, *options: object) -> int:
    """Start a run and kill its process group at a random moment after its first job; return how many were killed."""
    child = start_run(soak.starts, *soak.options(*options))
    if wait_for_a_start(child, soak.starts, STAGE, soak.begun(), seconds=300):
        time.sleep(soak.chance.uniform(0.0, longest_s))
    if child.poll() is None:
        kill_group(child)
        return 1
    output = child.communicate(timeout=60)[0]
    assert child.returncode == 0, output
    return 0


def kill_until(soak: Soak, wanted: int, in_flight: int, longest_s: float, *options: object) -> None:
    killed = 0
    while soak.kills + killed < wanted:
        one = run_and_kill(soak, longest_s, *options)
        killed += one
        if not one:
            soak.finish_round(killed, in_flight)
            killed = 0
    if killed:
        run_to_the_end(soak, *options)
        soak.finish_round(killed, in_flight)


def run_to_the_end(soak: Soak, *options: object) -> None:
    child = start_run(soak.starts, *soak.options(*options))
    output = child.communicate(timeout=600)[0]
    assert child.returncode == 0, output


def test_the_job_loop_of_one_process(soak: Soak) -> None:
    kill_until(soak, KILLS["inline"], 1, 3.0)
    soak.report("one process")
    assert soak.kills == KILLS["inline"]


def test_a_driver_with_its_own_dask_workers(soak: Soak) -> None:
    kill_until(soak, KILLS["groups"], 2, 4.0, "--runner", "dask", "--set", "compute.workers=2")
    soak.report("driver and workers together")


def test_a_flow_run(soak: Soak) -> None:
    kill_until(soak, KILLS["flows"], 1, 3.0, "--runner", "prefect")
    soak.report("flow run")


def test_workers_of_a_driver_that_was_killed_alone_do_not_live_on(soak: Soak) -> None:
    child = start_run(soak.starts, *soak.options("--runner", "dask", "--set", "compute.workers=2"))
    assert wait_for_a_start(child, soak.starts, STAGE, 0, seconds=300)
    workers = children(child.pid)
    assert len(workers) >= 2
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=120)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "workers to end", seconds=60)
    run_to_the_end(soak)
    soak.finish_round(1, 2)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_driver_asked_to_stop_ends_its_workers_and_exits_with_75(soak: Soak, stop: signal.Signals) -> None:
    child = start_run(soak.starts, *soak.options("--runner", "dask", "--set", "compute.workers=2"))
    assert wait_for_a_start(child, soak.starts, STAGE, 0, seconds=300)
    workers = children(child.pid)
    child.send_signal(stop)
    output = child.communicate(timeout=120)[0]
    assert child.returncode == 75, output
    assert "the same command goes on from there" in output
    assert "Traceback" not in output, output
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "workers to end", seconds=60)
    run_to_the_end(soak)
    soak.finish_round(1, 2)


@pytest.fixture
def cluster(soak: Soak, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandStartedCluster]:
    monkeypatch.setenv(STARTS, str(soak.starts))
    preload = Path(__file__).with_name("counted_run.py")
    with hand_started_cluster(workers=2, resources="GPU=1", preload=preload) as started:
        yield started


def test_dask_workers(soak: Soak, cluster: HandStartedCluster) -> None:
    killed = 0
    while soak.kills + killed < KILLS["workers"] or killed:
        driver = start_run(soak.starts, *soak.options("--dask-address", cluster.address))
        outputs: list[str] = []
        # Read while it runs: a full pipe would stop it.
        reader = threading.Thread(target=_read_all, args=(driver, outputs))
        reader.start()
        known = soak.begun()
        while driver.poll() is None and soak.kills + killed < KILLS["workers"]:
            if not wait_for_a_start(driver, soak.starts, STAGE, known, seconds=300):
                break
            time.sleep(soak.chance.uniform(0.0, 1.0))
            killed += _kill_one_worker(soak, cluster)
            known = soak.begun()
        driver.wait(timeout=600)
        reader.join()
        if driver.returncode == 0:
            soak.finish_round(killed, 1)
            killed = 0
        else:
            # One shard may be hit so often that Dask gives it up; the next run goes on from there.
            assert "workers that died over it" in outputs[0], outputs[0]
    soak.report("Dask workers")


def _kill_one_worker(soak: Soak, cluster: HandStartedCluster) -> int:
    alive = cluster.worker_pids()
    if not alive:
        return 0
    try:
        os.kill(soak.chance.choice(alive), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def _read_all(driver: subprocess.Popen[str], outputs: list[str]) -> None:
    assert driver.stdout is not None
    with driver.stdout as output:
        outputs.append(output.read())
