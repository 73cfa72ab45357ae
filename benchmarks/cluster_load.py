"""What driver and scheduler can take: many slots that only wait, as GPUs do from their point of view.

    python -m benchmarks.cluster_load --slots 100 --seconds 5 --shards 3000

prints how many shards a second came back against what the slots alone would give, and the CPU time that driver and
scheduler spent on each. And the size and reading time of a manifest with that many shards.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from flows.engine.on_dask.cluster import dask_cluster
from flows.engine.on_dask.runner import DaskRun
from stores.manifests import Manifest, created_now
from tests.faults.hand_started_cluster import hand_started_cluster
from tests.faults.test_dask_workers import options_for
from tests.faults.trivial_stage import TrivialStage

PRELOAD = """
import contextlib
from tests.faults.trivial_job import install

def dask_setup(_worker):
    install()
    from flows.engine.on_dask import worker as dask_worker
    # Jobs that only wait may share a process.
    dask_worker._ONE_AT_A_TIME = contextlib.nullcontext()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--shards", type=int, default=3000)
    parser.add_argument("--manifest-shards", type=int, default=45_632)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_manifest(arguments.manifest_shards)
        measure_cluster(Path(folder), arguments.slots, arguments.seconds, arguments.shards)


def measure_manifest(shards: int) -> None:
    keys = tuple(f"{number:064x}" for number in range(shards))
    labels = tuple(f"{number:08x}" for number in range(shards))
    ingredients = {"shards": dict(zip(labels, keys, strict=True))}
    manifest = Manifest("s", "0" * 64, ingredients, keys, labels, keys, "0" * 64, {}, {}, 1.0, created_now())
    started = time.process_time()
    data = manifest.to_json()
    written = time.process_time()
    Manifest.from_json(data, "here")
    read = time.process_time()
    print(
        f"manifest of {shards} shards: {len(data) / 1e6:.1f} MB, {len(data) / shards:.0f} bytes a shard, "
        f"written in {written - started:.2f} s, read in {read - written:.2f} s of CPU"
    )


def measure_cluster(folder: Path, slots: int, seconds: float, shards: int) -> None:
    preload = folder / "preload.py"
    preload.write_text(PRELOAD)
    processes = 4
    stage = TrivialStage(folder, shards, seconds)
    each = slots // processes
    with (
        hand_started_cluster(processes, f"GPU={each}", nthreads=each, preload=preload) as started,
        dask_cluster(options_for(folder, started.address)) as cluster,
    ):
        cluster.client.wait_for_workers(processes, timeout=300)
        print(f"{sum(cluster.slots_by_worker().values())} slots, jobs of {seconds} s")
        before, scheduler_before = time.process_time(), cpu_seconds(started.scheduler.pid)
        began = time.perf_counter()
        done = sum(1 for _ in DaskRun(cluster, 60)(stage.tasks))
        wall = time.perf_counter() - began
        driver_ms = 1000 * (time.process_time() - before) / done
        scheduler_ms = 1000 * (cpu_seconds(started.scheduler.pid) - scheduler_before) / done
    print(
        f"{done} shards in {wall:.0f} s: {done / wall:.1f} a second, slots alone would give {slots / seconds:.1f}; "
        f"CPU a shard: driver {driver_ms:.2f} ms, scheduler {scheduler_ms:.2f} ms; "
        f"driver at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB"
    )


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
