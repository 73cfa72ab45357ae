"""Where shards are done: in this process (inline), or on the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.engine.execute import execute_shard
from flows.engine.on_dask.cluster import dask_cluster, uses_dask
from flows.engine.run import Runner
from flows.engine.shard_task import ShardTask
from flows.settings.configuration import Settings
from stores.manifests import Commit


@contextmanager
def open_runner(settings: Settings) -> Iterator[Runner]:
    """Give the runner that the settings ask for; a cluster that it had to start ends with the block.

    Raises:
        BadSetting: the Dask cluster cannot be used, see `dask_cluster`.
    """
    if not uses_dask(settings):
        yield run_inline
        return
    from flows.engine.on_dask.runner import DaskRun

    with dask_cluster(settings) as cluster:
        yield DaskRun(cluster, settings.compute.worker_patience_minutes * 60)


def run_inline(tasks: list[ShardTask]) -> Iterator[Commit]:
    """Do the shards one after the other in this process and yield their commits."""
    for task in tasks:
        yield execute_shard(task)
