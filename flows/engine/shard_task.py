"""One shard of work as plain data, and what a job body gets and gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.engine.upstream import Upstream
from stores.checkpoints import CheckpointFolder, shard_checkpoints
from stores.parts import Part


@dataclass(frozen=True)
class Device:
    """Where a job computes; none of it but the precision is in a key.

    Attributes:
        name: torch device.
        batch_size: images per forward pass.
        threads: CPU threads.
        checkpoint_seconds: least time between two checkpoints of a training.
    """

    name: str
    batch_size: int
    threads: int
    checkpoint_seconds: float = 60.0


@dataclass(frozen=True)
class ShardTask:
    """All that a worker needs to do one shard; plain data, so that it can travel to another process.

    Attributes:
        store_root: folder or URL of the store.
        stage: stage instance.
        job: module under flows.jobs.
        shard_key: names the computation.
        shard_label: names the shard to people.
        settings: the stage's settings.
        places: the stage's paths.
        work: from the shard's plan.
        upstream: fingerprint of each upstream stage instance.
        device: where to compute.
        run_id: the run that asks for it; empty outside a run.
    """

    store_root: str
    stage: str
    job: str
    shard_key: str
    shard_label: str
    settings: Mapping[str, Any]
    places: Mapping[str, str | None]
    work: Mapping[str, Any]
    upstream: Mapping[str, str]
    device: Device
    run_id: str = ""


@dataclass(frozen=True)
class JobInputs:
    """What a job body sees: its task and the artifacts it may read."""

    task: ShardTask
    upstream: Upstream

    @property
    def settings(self) -> Mapping[str, Any]:
        """The stage's settings."""
        return self.task.settings

    @property
    def work(self) -> Mapping[str, Any]:
        """What this shard has to do."""
        return self.task.work

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Where the job keeps what it can go on from after being killed."""
        return shard_checkpoints(self.upstream.store.root, self.task.stage, self.task.shard_key)


@dataclass(frozen=True)
class JobResult:
    """What a job body returns.

    Attributes:
        parts: payloads by name.
        counts: images, forward_passes and whatever else is worth counting.
    """

    parts: Mapping[str, Part]
    counts: Mapping[str, int] = field(default_factory=dict)
