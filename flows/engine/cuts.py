"""Cuts that fit many stages: one shard of named reads, or one shard for each shard of another stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.engine.stage import Cut, ShardPlan, Stage, StoredItems
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent
from stores.manifests import Commit

# An upstream stage to a list of [part, columns or None for all, prefix of shard labels].
Reads = dict[str, list[list[Any]]]


@dataclass(frozen=True)
class Read:
    """A part of an upstream stage, over all its shards.

    Attributes:
        stage: stage instance.
        part: of its shards.
        columns: of a table part, the columns that matter; None for all of the part.
        prefix: only shards whose label starts with it, such as a split.
    """

    stage: str
    part: str
    columns: tuple[str, ...] | None = None
    prefix: str = ""

    def digest(self, upstream: Upstream) -> str:
        """Return one digest of what is read."""
        if self.columns is None:
            return upstream.part_digest(self.stage, self.part, self.prefix)
        return upstream.column_digest(self.stage, self.part, self.columns, self.prefix)


NamedReads = Mapping[str, Read | Mapping[str, Read] | Sequence[Read]]


def one_shard_of(reads: NamedReads) -> Cut:
    """Return a cut of one shard, "all", that depends on exactly these reads, under their names."""

    def cut(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
        del stage
        return [ShardPlan("all", {name: _digests(read, upstream) for name, read in reads.items()})]

    return cut


def _digests(read: Read | Mapping[str, Read] | Sequence[Read], upstream: Upstream) -> Any:
    if isinstance(read, Read):
        return read.digest(upstream)
    if isinstance(read, Mapping):
        return {name: inner.digest(upstream) for name, inner in read.items()}
    return [inner.digest(upstream) for inner in read]


def single_shard(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard that depends on every part named in stage.settings["reads"], over all its shards."""
    inputs = {}
    for source, parts in stage.settings["reads"].items():
        for part, columns, prefix in parts:
            read = Read(source, part, None if columns is None else tuple(columns), prefix)
            inputs[f"{source}/{part}/{prefix}"] = read.digest(upstream)
    return [ShardPlan("all", inputs)]


@dataclass(frozen=True)
class SourceShards:
    """The shards of another stage, one of which each shard follows.

    Attributes:
        stage: the other stage instance.
        arrays: its part with the items' values.
        table: its part with a row for each item.
        id_column: of that table.
        prefixes: of the labels of the shards that are followed, in this order.
        work_key: under which a shard's work names the key of the shard that it follows.
    """

    stage: str
    arrays: str
    table: str
    id_column: str
    prefixes: Sequence[str]
    work_key: str


def one_for_each_of(source: SourceShards, shared: NamedReads) -> Cut:
    """Return a cut of one shard for each shard of another stage, which depends on that shard's values and ids.

    The prefix is among the inputs, because two of them may have shards of equal values and ids.

    Args:
        source: the shards that are followed.
        shared: what all shards depend on besides.
    """

    def cut(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
        del stage
        same = {name: _digests(read, upstream) for name, read in shared.items()}
        return [
            _following(commit, source, same)
            for prefix in source.prefixes
            for commit in upstream.commits(source.stage, prefix)
        ]

    return cut


def _following(commit: Commit, source: SourceShards, shared: Mapping[str, Any]) -> ShardPlan:
    table = commit.parts[source.table]
    return ShardPlan(
        commit.shard_label,
        {
            **shared,
            "split": commit.shard_label.partition("/")[0],
            source.arrays: commit.parts[source.arrays].digest,
            "ids": table.detail["column_digests"][source.id_column],
        },
        {source.work_key: commit.shard_key},
        StoredItems(source.stage, commit.shard_key, source.table, source.id_column),
        ShardExtent(int(table.detail["rows"])),
    )
