"""One shard of work as plain data, and what a job body gets and gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flows.engine.stage import StoredItems
from flows.engine.upstream import Upstream
from stores.checkpoints import CheckpointFolder, shard_checkpoints
from stores.errors import SchemaMismatch
from stores.parts import Part, TablePart
from stores.table_schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa


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
        job: dotted name of the module that does it.
        shard_key: names the computation.
        shard_label: names the shard to people.
        settings: the stage's settings.
        paths: the stage's files and folders.
        work: from the shard's plan.
        upstream: fingerprint of each upstream stage instance.
        device: where to compute.
        run_id: the run that asks for it; empty outside a run.
        tables: what the stage declares of its tables.
        batch_setting: the setting that is the job's batch size where that is part of the result, else None.
        items: ids of the items that the shard works on, or where they are kept; for messages.
        read_as: see Stage.
    """

    store_root: str
    stage: str
    job: str
    shard_key: str
    shard_label: str
    settings: Mapping[str, Any]
    paths: Mapping[str, str | None]
    work: Mapping[str, Any]
    upstream: Mapping[str, str]
    device: Device
    run_id: str = ""
    tables: tuple[TableSchema, ...] = ()
    batch_setting: str | None = None
    items: tuple[str, ...] | StoredItems = ()
    read_as: Mapping[str, str] = field(default_factory=dict)


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

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> TablePart:
        """Return a part with these rows of one of the stage's tables.

        Raises:
            SchemaMismatch: the stage declares no such table, or a row does not fit it.
        """
        from stores.tables import table_from_rows

        schema = self._schema(name)
        return TablePart(schema, table_from_rows(schema, rows))

    def arrow_table(self, name: str, table: "pa.Table") -> TablePart:
        """Return a part with an Arrow table as one of the stage's tables.

        Raises:
            SchemaMismatch: the stage declares no such table, or its columns do not fit.
        """
        from stores.tables import check_table

        schema = self._schema(name)
        return TablePart(schema, check_table(schema, table))

    def _schema(self, name: str) -> TableSchema:
        found = next((schema for schema in self.task.tables if schema.name == name), None)
        if found is None:
            raise SchemaMismatch(
                expected=f"a table that the stage declares: {', '.join(schema.name for schema in self.task.tables)}",
                found=repr(name),
                where=f"the job of {self.task.stage}",
                remedy="name it in the stage's `tables`",
            )
        return found

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
