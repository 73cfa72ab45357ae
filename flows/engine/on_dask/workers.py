"""Which workers of a cluster get shards: those that run, without those that proved unfit."""

import logging
import time

from flows.engine.on_dask.cluster import DaskCluster
from stores.errors import StoreError

LOG = logging.getLogger("sane")
SECONDS_BETWEEN_COUNTS = 5.0
SECONDS_BETWEEN_WARNINGS = 60.0


class Workers:
    """The workers of a cluster, looked at every few seconds.

    Args:
        cluster: theirs.
        patience_s: how long to wait for a worker when there is none.
    """

    def __init__(self, cluster: DaskCluster, patience_s: float) -> None:
        self._cluster = cluster
        self._patience_s = patience_s
        self._slots_by_worker: dict[str, int] = {}
        self._unfit: dict[str, BaseException] = {}
        self.begin()

    def begin(self) -> None:
        """Forget how long ago a worker was seen: nobody looked while there was nothing to do."""
        self._counted_s = -SECONDS_BETWEEN_COUNTS
        self._last_seen_s = self._warned_s = time.monotonic()

    def slots(self) -> int:
        """Return how many shards can be done at once by fit workers.

        Raises:
            StoreError: the cluster went away, or has had no worker for too long.
            Exception: what made the last worker unfit, when no fit one is left.
        """
        now = time.monotonic()
        if now - self._counted_s >= SECONDS_BETWEEN_COUNTS or not self._slots_by_worker:
            self._slots_by_worker, self._counted_s = self._look(), now
        slots = sum(number for address, number in self._slots_by_worker.items() if address not in self._unfit)
        if slots:
            self._last_seen_s = now
        else:
            self._wait(now)
        return slots

    def chosen(self) -> list[str] | None:
        """Return the addresses of the fit workers, or None while all are fit."""
        if not self._unfit:
            return None
        return [address for address in self._slots_by_worker if address not in self._unfit]

    def exclude(self, address: str, error: BaseException) -> None:
        """Give a worker no more shards: what it failed at has to do with the worker."""
        LOG.warning("no more shards for worker %s: %s", address, error)
        self._unfit[address] = error

    def _look(self) -> dict[str, int]:
        try:
            if self._cluster.client.status in ("running", "connecting"):
                return self._cluster.slots_by_worker()
            found = f"a connection that is {self._cluster.client.status}"
        except (OSError, KeyError, TimeoutError) as error:
            found = str(error) or type(error).__name__
        raise cluster_gone(self._cluster, found)

    def _wait(self, now: float) -> None:
        if self._slots_by_worker:
            # All that run are unfit, and the next one would most likely be, too.
            raise list(self._unfit.values())[-1]
        without_s = now - self._last_seen_s
        if without_s > self._patience_s:
            raise cluster_gone(self._cluster, f"no running worker for {without_s / 60:.0f} minutes")
        if now - self._warned_s >= SECONDS_BETWEEN_WARNINGS:
            self._warned_s = now
            stopped = self._cluster.workers_not_running()
            there = f"; {', '.join(stopped)}" if stopped else ""
            LOG.warning("no running Dask worker for %.0f s, waiting for one%s", without_s, there)


def cluster_gone(cluster: DaskCluster, found: str) -> StoreError:
    """Return the error of a run whose cluster ended before it."""
    return StoreError(
        expected="a Dask cluster that lasts as long as the run",
        found=found,
        where=cluster.address,
        remedy="start scheduler and workers again, then run again: shards that are committed are kept",
    )
