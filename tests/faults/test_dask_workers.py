"""Two workers started by hand do the shards; what goes wrong there is named, and costs nothing else."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.errors import BadRequest
from flows.engine.on_dask.cluster import DaskCluster, DaskOptions, dask_cluster
from flows.engine.on_dask.runner import DaskRun
from flows.settings.compute import dask_options
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.errors import BadModel
from stores.errors import StoreError
from stores.failure_records import failure_log, list_failures
from stores.location import Location
from tests.faults import trivial_job
from tests.faults.hand_started_cluster import HandStartedCluster, hand_started_cluster, wait_for
from tests.faults.trivial_stage import TrivialStage
from tests.flows.planted_config import write_config

pytestmark = pytest.mark.slow

PARTS = {"expected": "a", "found": "b", "where": "c", "remedy": "d"}


@pytest.fixture(scope="module")
def gpu_cluster() -> Iterator[HandStartedCluster]:
    with hand_started_cluster(workers=2, resources="GPU=1", nthreads=2) as cluster:
        yield cluster


def settings_for(folder: Path, address: str | None, *more: str) -> Settings:
    chosen = [f"compute.dask_address={address}"] if address else []
    return load_settings(write_config(folder), ["compute.runner=dask", *chosen, *more])


def options_for(folder: Path, address: str | None, *more: str) -> DaskOptions:
    options = dask_options(settings_for(folder, address, *more))
    assert options is not None
    return options


@pytest.fixture
def cluster(gpu_cluster: HandStartedCluster, tmp_path: Path) -> Iterator[DaskCluster]:
    with dask_cluster(options_for(tmp_path, gpu_cluster.address)) as connected:
        connected.client.wait_for_workers(2, timeout=120)
        yield connected


def test_both_workers_do_shards_one_at_a_time_and_none_twice(cluster: DaskCluster, tmp_path: Path) -> None:
    assert cluster.claims == {"GPU": 1}
    assert sorted(cluster.slots_by_worker().values()) == [1, 1]
    stage = TrivialStage(tmp_path, 12, seconds=0.2)
    commits = list(DaskRun(cluster, 60)(stage.tasks))
    assert sorted(commit.shard_label for commit in commits) == [task.shard_label for task in stage.tasks]
    assert sorted(stage.started()) == [task.shard_label for task in stage.tasks]
    pids = {line.split()[1] for line in stage.starts.read_text().splitlines()}
    assert len(pids) == 2
    assert stage.values() == list(range(12))
    # A second time everything is there already.
    assert len(list(DaskRun(cluster, 60)(stage.tasks))) == 12
    assert len(stage.started()) == 12


def test_the_workers_log_is_shown_where_the_run_was_started(
    cluster: DaskCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def logs_a_line() -> None:
        import logging

        from distributed import get_worker

        from flows.engine.on_dask.log import send_log_lines

        send_log_lines(get_worker())
        logging.getLogger("sane").info("epoch 3 of 9")

    caplog.set_level("INFO", logger="sane")
    cluster.client.submit(logs_a_line, pure=False).result()
    wait_for(lambda: "epoch 3 of 9" in caplog.text, "the worker's line", seconds=10)


def test_a_worker_killed_in_the_middle_costs_one_shard_in_flight(
    gpu_cluster: HandStartedCluster, cluster: DaskCluster, tmp_path: Path
) -> None:
    stage = TrivialStage(tmp_path, 10, seconds=1.0)
    killed: list[str] = []

    def kill_after_three() -> None:
        wait_for(lambda: len(stage.started()) >= 3, "three shards begun")
        label, pid = stage.starts.read_text().splitlines()[-1].split()
        os.kill(int(pid), signal.SIGKILL)
        killed.append(label)

    killer = threading.Thread(target=kill_after_three)
    killer.start()
    commits = list(DaskRun(cluster, 60)(stage.tasks))
    killer.join()
    assert len(commits) == 10
    assert stage.values() == list(range(10))
    # The shard that the killed worker had just begun, and no other.
    starts = stage.started()
    assert [label for label in sorted(set(starts)) if starts.count(label) > 1] == killed
    assert len(starts) == 11
    cluster.client.wait_for_workers(2, timeout=120)


def test_a_shard_that_kills_every_worker_fails_by_name_and_the_others_are_committed(
    cluster: DaskCluster, tmp_path: Path
) -> None:
    stage = TrivialStage(tmp_path, 9, seconds=0.05)
    stage.misbehaving(4, poison=True)
    done = []
    tasks = stage.of_run("run-1")
    with pytest.raises(StoreError, match="workers that died over it") as failure:
        done += [commit.shard_label for commit in DaskRun(cluster, 120)(tasks)]
    assert failure.value.where == "trivial 00004, items image-4"
    # Nobody but the driver lived to write it down.
    (record,) = list_failures(Location.parse(stage.store_root))
    assert (record.run_id, record.shard, record.error) == ("run-1", "00004", str(failure.value))
    assert list(record.images) == ["image-4"]
    assert stage.committed() == [0, 1, 2, 3, 5, 6, 7, 8]
    starts = stage.started()
    assert 2 <= starts.count("00004") <= 5
    # What was beside it on the other worker was not begun again.
    assert all(starts.count(label) == 1 for label in set(starts) - {"00004"})
    cluster.client.wait_for_workers(2, timeout=120)


def test_a_refused_shard_fails_the_run_after_the_others_are_done(cluster: DaskCluster, tmp_path: Path) -> None:
    stage = TrivialStage(tmp_path, 5)
    stage.misbehaving(1, error=BadModel(**PARTS))
    with pytest.raises(BadModel) as refusal:
        list(DaskRun(cluster, 60)(stage.of_run("run-1")))
    (record,) = list_failures(Location.parse(stage.store_root))
    assert (record.run_id, record.shard, record.error) == ("run-1", "00001", str(refusal.value))
    assert "Traceback" in failure_log(Location.parse(stage.store_root), record).read_bytes().decode()
    assert stage.committed() == [0, 2, 3, 4]
    assert stage.started().count("00001") == 1


def test_a_store_out_of_reach_is_tried_again(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.engine.on_dask.runner.SECONDS_BEFORE_RETRY", (0.01, 0.01))
    stage = TrivialStage(tmp_path, 3)
    stage.misbehaving(1, error=StoreError(**PARTS))
    with pytest.raises(StoreError, match="expected: a"):
        list(DaskRun(cluster, 60)(stage.tasks))
    assert stage.started().count("00001") == 3
    assert stage.committed() == [0, 2]


def test_stopping_hands_out_no_more_shards(cluster: DaskCluster, tmp_path: Path) -> None:
    stage = TrivialStage(tmp_path, 40, seconds=0.2)
    commits = DaskRun(cluster, 60)(stage.tasks)
    next(commits)
    commits.close()
    begun = len(stage.started())
    assert begun <= 6
    wait_for(lambda: len(stage.committed()) == len(stage.started()), "shards in hand to be finished", seconds=10)
    assert len(stage.started()) <= begun + 1


def test_workers_of_another_checkout_are_refused(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.engine.on_dask.runner.source_digest", lambda: "of other files")
    stage = TrivialStage(tmp_path, 2)
    with pytest.raises(BadRequest, match="same source files"):
        list(DaskRun(cluster, 60)(stage.tasks))
    assert stage.committed() == []


def test_a_worker_that_can_do_nothing_gets_no_more_shards(cluster: DaskCluster, tmp_path: Path) -> None:
    # As fast as it refuses, Dask would give it all that there is.
    with another_worker(cluster.address, tmp_path / "other") as address:
        cluster.client.wait_for_workers(3, timeout=120)
        stage = TrivialStage(tmp_path, 30, seconds=0.1)
        run = DaskRun(cluster, 60)
        assert len(list(run(stage.tasks))) == 30
        assert stage.values() == list(range(30))
        assert sorted(stage.started()) == [task.shard_label for task in stage.tasks]
        assert address() not in (run._workers.chosen() or [address()])
    wait_for(lambda: len(cluster.slots_by_worker()) == 2, "the third worker to go")


@contextmanager
def another_worker(scheduler: str, folder: Path) -> Iterator[Callable[[], str]]:
    """A worker that runs a copy of the source files with one line more."""
    for package in ("pipeline", "stores", "flows", "tests"):
        shutil.copytree(SOURCE_ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "flows" / "transient.py").open("a") as file:
        file.write("# another version\n")
    log = folder / "log"
    words = ["worker", scheduler, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--resources", "GPU=1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dask", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield lambda: re.findall(r"Start worker at:\s+(tcp://\S+)", log.read_text())[-1]
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_a_worker_without_the_runs_store_is_found_before_it_computes(cluster: DaskCluster, tmp_path: Path) -> None:
    stage = TrivialStage(tmp_path, 2)
    with pytest.raises(BadRequest, match="the store of the run"):
        list(DaskRun(cluster, 60)([replace(task, run_id="of-another-store") for task in stage.tasks]))
    assert stage.started() == []


def test_paused_workers_are_waited_for_and_named(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paused = {
        address: {**worker, "status": "paused"}
        for address, worker in cluster.client.scheduler_info()["workers"].items()
    }
    monkeypatch.setattr("flows.engine.on_dask.workers.SECONDS_BETWEEN_WARNINGS", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(cluster.client, "scheduler_info", lambda: {"workers": paused})
        with pytest.raises(StoreError, match="no running worker"):
            list(DaskRun(cluster, 0.5)(TrivialStage(tmp_path, 1).tasks))
    assert len(cluster.slots_by_worker()) == 2


def test_a_store_that_workers_do_not_share_is_refused(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.engine.on_dask.runner.SEEN_WITHIN_S", 0.5)
    stage = TrivialStage(tmp_path, 2)
    # In memory: every process has its own.
    stage.tasks = [replace(task, store_root="memory://not-shared") for task in stage.tasks]
    with pytest.raises(BadRequest, match="a store that driver and workers share"):
        list(DaskRun(cluster, 60)(stage.tasks))


def test_a_cuda_device_needs_workers_that_offer_one(tmp_path: Path) -> None:
    with hand_started_cluster(workers=1, resources=None) as plain:
        with dask_cluster(options_for(tmp_path, plain.address)) as connected:
            connected.client.wait_for_workers(1, timeout=120)
            assert connected.claims == {}
        with (
            pytest.raises(BadRequest, match="offers the resource GPU") as refused,
            dask_cluster(options_for(tmp_path, plain.address, "compute.device=cuda")),
        ):
            pass
        assert "--resources GPU=1" in refused.value.remedy


def test_no_scheduler_is_a_readable_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.engine.on_dask.cluster.CONNECT_TIMEOUT_S", 1)
    with (
        pytest.raises(BadRequest, match="a Dask scheduler"),
        dask_cluster(options_for(tmp_path, "tcp://127.0.0.1:9")),
    ):
        pass


def test_a_scheduler_that_ends_fails_the_run(tmp_path: Path) -> None:
    with hand_started_cluster(workers=1, resources=None) as mortal:
        with dask_cluster(options_for(tmp_path, mortal.address)) as connected:
            connected.client.wait_for_workers(1, timeout=120)
            stage = TrivialStage(tmp_path, 50, seconds=0.2)
            commits = DaskRun(connected, 1)(stage.tasks)
            next(commits)
            mortal.scheduler.kill()
            with pytest.raises(StoreError, match="lasts as long as the run"):
                list(commits)
        assert 1 <= len(stage.committed()) < 50


def test_the_trivial_job_counts_every_start(tmp_path: Path) -> None:
    trivial_job.count_start(tmp_path / "starts", "a")
    trivial_job.count_start(tmp_path / "starts", "a")
    assert trivial_job.started(tmp_path / "starts") == ["a", "a"]


def test_errors_of_a_run_are_not_taken_for_those_of_starting_its_workers(tmp_path: Path) -> None:
    def fail_among_workers() -> None:
        with dask_cluster(options_for(tmp_path, None, "compute.workers=1")) as cluster:
            assert len(cluster.slots_by_worker()) == 1
            raise RuntimeError("a cluster of queries")

    with pytest.raises(RuntimeError, match="a cluster of queries"):
        fail_among_workers()
