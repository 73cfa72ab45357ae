"""Shards on Dask workers: as many in flight as can be done at once, and every one accounted for."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.failures import images_of, record_failure
from flows.on_dask.cluster import DaskCluster
from flows.on_dask.worker import do_shard_on_worker, source_digest
from flows.shards import ShardTask
from flows.transient import RETRIES, SECONDS_BEFORE_RETRY, is_transient
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.manifests import Commit

if TYPE_CHECKING:
    from distributed import Future, KilledWorker

LOG = logging.getLogger("sane")
POLL_S = 2.0
SECONDS_BETWEEN_COUNTS = 5.0
SECONDS_BETWEEN_WARNINGS = 60.0
MOST_NAMED_IMAGES = 8


@dataclass(frozen=True)
class _Attempt:
    """A shard on its way; tried before `tries` times, to be tried again from `start_s` on (monotonic clock)."""

    task: ShardTask
    tries: int = 0
    start_s: float = 0.0


class DaskRun:
    """Does the shards of one stage on a cluster.

    No more shards are handed out than can be done at once: a shard that kills its worker then takes no other with
    it, a stopped run leaves little behind, and the driver's memory does not grow with the number of shards.

    Args:
        cluster: where to compute.
        patience_s: how long to wait for a worker when there is none.
    """

    def __init__(self, cluster: DaskCluster, patience_s: float) -> None:
        self._cluster = cluster
        self._patience_s = patience_s
        self._in_flight: dict[Future, _Attempt] = {}
        self._failures: list[BaseException] = []
        self._seen_workers: set[str] = set()
        self._slots = 0
        self._counted_s = -SECONDS_BETWEEN_COUNTS
        self._last_seen_s = time.monotonic()
        self._warned_s = time.monotonic()

    def __call__(self, tasks: list[ShardTask]) -> Iterator[Commit]:
        """Yield the commits as they are made, in any order.

        One failure does not stop the others: what can be done is committed, then the first error is raised.

        Raises:
            PipelineError, StoreError: of the first shard that failed.
            BadSetting: workers that run other code, lack the device, or write to another place than this store.
            StoreError: a shard killed its workers, or the cluster went away.
        """
        queue = deque(_Attempt(replace(task, device=self._cluster.device)) for task in tasks)
        try:
            while queue or self._in_flight:
                self._hand_out(queue)
                for future in self._finished():
                    commit = self._outcome(future, queue)
                    if commit is not None:
                        yield commit
        finally:
            if self._in_flight and self._cluster.client.status == "running":
                # Workers finish what they have begun; nobody waits for it.
                self._cluster.client.cancel(list(self._in_flight))
        if self._failures:
            if len(self._failures) > 1:
                LOG.error("%d shards failed; the first error follows", len(self._failures))
            raise self._failures[0]

    def _hand_out(self, queue: deque[_Attempt]) -> None:
        self._count_slots()
        now = time.monotonic()
        for _ in range(len(queue)):
            if len(self._in_flight) >= self._slots:
                return
            attempt = queue.popleft()
            if attempt.start_s > now:
                queue.append(attempt)
                continue
            task = attempt.task
            future = self._cluster.client.submit(
                do_shard_on_worker,
                task,
                source_digest(),
                key=f"{task.stage}-{task.shard_key}-{attempt.tries}-{time.time_ns()}",
                resources=self._cluster.claims or None,
                pure=False,
            )
            self._in_flight[future] = attempt

    def _count_slots(self) -> None:
        now = time.monotonic()
        if now - self._counted_s < SECONDS_BETWEEN_COUNTS and self._slots:
            return
        try:
            self._slots, self._counted_s = self._cluster.slots(), now
        except OSError as error:
            raise _cluster_gone(self._cluster, str(error)) from error
        if self._slots:
            self._last_seen_s = now
            return
        without_s = now - self._last_seen_s
        if without_s > self._patience_s:
            raise _cluster_gone(self._cluster, f"no worker for {without_s / 60:.0f} minutes")
        if now - self._warned_s >= SECONDS_BETWEEN_WARNINGS:
            self._warned_s = now
            LOG.warning("no Dask worker for %.0f s; waiting for one to come back", without_s)

    def _finished(self) -> "list[Future]":
        from distributed import CancelledError, wait
        from distributed.comm import CommClosedError

        if not self._in_flight:
            time.sleep(min(POLL_S, 0.2))
            return []
        try:
            done = wait(list(self._in_flight), timeout=POLL_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return []
        except (CancelledError, CommClosedError, OSError) as error:
            raise _cluster_gone(self._cluster, f"shards that it forgot ({type(error).__name__})") from error
        return list(done)

    def _outcome(self, future: "Future", queue: deque[_Attempt]) -> Commit | None:
        """Return the commit, or note the failure, or queue the shard once more."""
        attempt = self._in_flight.pop(future)
        error = future.exception() if future.status == "error" else None
        if error is None:
            commit, worker = future.result()
            self._check_shared_store(commit, worker, attempt.task.store_root)
            return commit  # type: ignore[no-any-return]
        if is_transient(error) and attempt.tries < RETRIES:
            start_s = time.monotonic() + SECONDS_BEFORE_RETRY[attempt.tries]
            queue.append(_Attempt(attempt.task, attempt.tries + 1, start_s))
            LOG.warning("%s %s failed and is tried again: %s", attempt.task.stage, attempt.task.shard_label, error)
            return None
        explained = _explained(error, attempt.task)
        if explained is not error:
            # The shard did not live to write down its failure itself.
            record_failure(attempt.task, str(explained), f"{type(error).__name__}: {error}\n")
        self._failures.append(explained)
        return None

    def _check_shared_store(self, commit: Commit, worker: str, store_root: str) -> None:
        if worker in self._seen_workers:
            return
        self._seen_workers.add(worker)
        if ArtifactStore(store_root).read_commit(commit.stage, commit.shard_key) is None:
            raise BadSetting(
                expected="a store that driver and workers share",
                found=f"a shard committed on {worker} that is not to be seen here",
                where=store_root,
                remedy="put [store] root on a file system that all machines mount, or on object storage (s3://...)",
            )


def _explained(error: BaseException, task: ShardTask) -> BaseException:
    from distributed import KilledWorker

    if isinstance(error, ModuleNotFoundError):
        return BadSetting(
            expected="workers on which this project is installed",
            found=str(error),
            where=f"{task.stage} {task.shard_label}",
            remedy="install it on every worker, or start the workers from the checkout",
        )
    return _worker_killed(error, task) if isinstance(error, KilledWorker) else error


def _worker_killed(error: "KilledWorker", task: ShardTask) -> StoreError:
    """Return the error of a shard that no worker lived through."""
    images = images_of(task)
    named = ", ".join(images[:MOST_NAMED_IMAGES]) + (", ..." if len(images) > MOST_NAMED_IMAGES else "")
    return StoreError(
        expected="a worker that lives through the shard",
        found=f"{error.allowed_failures + 1} workers that died over it, the last at {error.last_worker.address}",
        where=f"{task.stage} {task.shard_label}" + (f", images {named}" if named else ""),
        remedy="look into the worker's log for its end (memory is the usual reason: lower compute.batch_size), "
        "or take the shard's images out of the dataset",
    )


def _cluster_gone(cluster: DaskCluster, found: str) -> StoreError:
    return StoreError(
        expected="a Dask cluster that lasts as long as the run",
        found=found,
        where=str(cluster.client.scheduler.address),
        remedy="start scheduler and workers again, then run again: shards that are committed are kept",
    )
