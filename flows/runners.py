"""Where shards are done: in this process (inline)."""

from collections.abc import Iterator

from flows.execution import execute_shard
from flows.shards import ShardTask
from stores.manifests import Commit


def run_inline(tasks: list[ShardTask]) -> Iterator[Commit]:
    """Do the shards one after the other in this process and yield their commits."""
    for task in tasks:
        yield execute_shard(task)
