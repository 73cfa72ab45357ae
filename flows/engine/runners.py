"""Where shards are done: in this process (inline), or on the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.engine.execute import execute_shard
from flows.engine.run import Runner
from flows.engine.shard_task import ShardTask
from stores.manifests import Commit

if TYPE_CHECKING:
    from flows.engine.on_dask.cluster import DaskOptions


@contextmanager
def open_runner(dask: "DaskOptions | None") -> Iterator[Runner]:
    """Give the runner for a run; a cluster that it had to start ends with the block.

    Args:
        dask: the cluster to use; None to do the shards in this process.

    Raises:
        BadRequest: the Dask cluster cannot be used, see `dask_cluster`.
    """
    if dask is None:
        yield run_inline
        return
    from flows.engine.on_dask.cluster import dask_cluster
    from flows.engine.on_dask.runner import DaskRun

    with dask_cluster(dask) as cluster:
        yield DaskRun(cluster, dask.patience_s)


def run_inline(tasks: list[ShardTask]) -> Iterator[Commit]:
    """Do the shards one after the other in this process and yield their commits."""
    for task in tasks:
        yield execute_shard(task)
