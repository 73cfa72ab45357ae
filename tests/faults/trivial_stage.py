"""A stage of trivial shards, without cut or settings, for tests of runners."""

import uuid
from dataclasses import replace
from pathlib import Path

from flows.engine.shard_task import Device, ShardTask
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.run_records import RUNS
from tests.faults.trivial_job import JOB, started

STAGE = "trivial"


class TrivialStage:
    """Shards whose values follow from their numbers, and the count of their starts on disk."""

    def __init__(self, folder: Path, shards: int, seconds: float = 0.0, device: str = "cpu") -> None:
        self.folder = folder
        self.starts = folder / f"starts-{uuid.uuid4().hex}"
        self.store_root = str(folder / "store")
        self.tasks = [self._task(number, seconds, device) for number in range(shards)]

    def _task(self, number: int, seconds: float, device: str, **work: object) -> ShardTask:
        return ShardTask(
            store_root=self.store_root,
            stage=STAGE,
            job=JOB,
            shard_key=f"{number:064x}",
            shard_label=f"{number:05d}",
            settings={},
            paths={},
            work={
                "number": number,
                "seconds": seconds,
                "starts": str(self.starts),
                **work,
            },
            upstream={},
            device=Device(device, 8, 1),
            items=(f"image-{number}",),
        )

    def misbehaving(self, number: int, **work: object) -> None:
        """Give one shard other orders, such as poison=True."""
        device = self.tasks[number].device.name
        self.tasks[number] = self._task(number, 0.0, device, **work)

    def of_run(self, run_id: str) -> list[ShardTask]:
        """Return the tasks as a part of a run that has a record in the store."""
        record = Location.parse(self.store_root).child(RUNS, f"{run_id}.json")
        record.create_bytes(b"{}")
        return [replace(task, run_id=run_id) for task in self.tasks]

    def committed(self) -> list[int]:
        """Return the numbers of the shards that have a commit."""
        store = ArtifactStore(self.store_root)
        return [
            number for number, task in enumerate(self.tasks) if store.read_commit(STAGE, task.shard_key) is not None
        ]

    def values(self) -> list[int]:
        """Return the first value of every shard, read back from the store."""
        store = ArtifactStore(self.store_root)
        commits = [store.require_commit(STAGE, task.shard_key) for task in self.tasks]
        return [int(store.read_part_arrays(commit, "values")["values"][0]) for commit in commits]

    def started(self) -> list[str]:
        return started(self.starts)
