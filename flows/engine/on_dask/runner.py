"""Shards on Dask workers: as many in flight as can be done at once, and every one accounted for."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.engine.errors import BadRequest
from flows.engine.failures import items_of, record_failure
from flows.engine.on_dask.cluster import DaskCluster
from flows.engine.on_dask.worker import WorkerRefusal, do_shard_on_worker, source_digest
from flows.engine.on_dask.workers import Workers, cluster_gone
from flows.engine.shard_task import ShardTask
from flows.engine.transient import RETRIES, SECONDS_BEFORE_RETRY, is_transient
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.manifests import Commit

if TYPE_CHECKING:
    from distributed import Future, KilledWorker

LOG = logging.getLogger("sane")
POLL_S = 2.0
FETCH_TIMEOUT_S = 30.0
# Network file systems remember for up to a minute that a file was not there.
SEEN_WITHIN_S = 90.0
MOST_NAMED_ITEMS = 8


@dataclass(frozen=True)
class _Attempt:
    """A shard on its way.

    Attributes:
        task: the shard.
        tries: how often it was tried before.
        start_s: not to be handed out before this moment of the monotonic clock.
        workers: the only ones that may do it; empty for all.
    """

    task: ShardTask
    tries: int = 0
    start_s: float = 0.0
    workers: tuple[str, ...] = ()


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
        self._workers = Workers(cluster, patience_s)
        self._in_flight: dict[Future, _Attempt] = {}
        self._failures: list[BaseException] = []
        self._seen_workers: set[str] = set()

    def __call__(self, tasks: list[ShardTask]) -> Iterator[Commit]:
        """Yield the commits as they are made, in any order.

        One failure does not stop the others: what can be done is committed, then the first error is raised. A worker
        that cannot do any shard, such as one with other source files, gets no more of them.

        Raises:
            Exception: of the first shard that failed.
            BadRequest: no worker is left that runs this code, has the device and sees the store.
            StoreError: a shard killed its workers, or the cluster went away.
        """
        self._failures = []
        self._workers.begin()
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
            self._in_flight = {}
        if self._failures:
            if len(self._failures) > 1:
                LOG.error("%d shards failed; the first error follows", len(self._failures))
            raise self._failures[0]
        wait_until_seen(tasks)

    def _hand_out(self, queue: deque[_Attempt]) -> None:
        slots, now = self._workers.slots(), time.monotonic()
        self._take_back(queue)
        for _ in range(len(queue)):
            if len(self._in_flight) >= slots:
                return
            attempt = queue.popleft()
            if attempt.start_s > now:
                queue.append(attempt)
                continue
            chosen = self._workers.chosen()
            self._in_flight[self._submit(attempt, chosen)] = replace(attempt, workers=tuple(chosen or ()))

    def _submit(self, attempt: _Attempt, chosen: list[str] | None) -> "Future":
        task = attempt.task
        try:
            return self._cluster.client.submit(
                do_shard_on_worker,
                task,
                source_digest(),
                key=f"{task.stage}-{task.shard_key}-{attempt.tries}-{time.time_ns()}",
                workers=chosen,
                resources=self._cluster.claims or None,
                pure=False,
            )
        except (OSError, RuntimeError) as error:
            raise cluster_gone(self._cluster, str(error)) from error

    def _take_back(self, queue: deque[_Attempt]) -> None:
        """Queue again what only workers may do that are gone: Dask would wait for just these."""
        chosen = self._workers.chosen()
        if chosen is None:
            return
        for future, attempt in list(self._in_flight.items()):
            if attempt.workers and not set(attempt.workers) & set(chosen):
                self._cluster.client.cancel([future])
                queue.append(self._in_flight.pop(future))

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
            raise cluster_gone(self._cluster, f"shards that it forgot ({type(error).__name__})") from error
        return list(done)

    def _outcome(self, future: "Future", queue: deque[_Attempt]) -> Commit | None:
        """Return the commit, or note the failure, or queue the shard once more."""
        attempt = self._in_flight.pop(future)
        if future.status != "error":
            return self._result(future, attempt, queue)
        error = future.exception(timeout=FETCH_TIMEOUT_S)
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

    def _result(self, future: "Future", attempt: _Attempt, queue: deque[_Attempt]) -> Commit | None:
        try:
            result = future.result(timeout=FETCH_TIMEOUT_S)
        except TimeoutError:
            # The worker ended between the shard's end and the answer; what is committed is found at once.
            queue.append(attempt)
            return None
        if isinstance(result, WorkerRefusal):
            self._workers.exclude(result.worker, result.error)
            queue.append(attempt)
            return None
        commit, worker = result
        if worker not in self._seen_workers:
            wait_until_seen([attempt.task])
            self._seen_workers.add(worker)
        return commit  # type: ignore[no-any-return]


def wait_until_seen(tasks: list[ShardTask]) -> None:
    """Return once all commits are to be seen from here; a network file system may show them some time later.

    Raises:
        BadRequest: they are not, after a minute: the workers write to another place.
    """
    if not tasks:
        return
    store, stage = ArtifactStore(tasks[0].store_root), tasks[0].stage
    missing = [task.shard_key for task in tasks]
    end_s = time.monotonic() + SEEN_WITHIN_S
    while True:
        found = store.read_commits_of(stage, missing)
        missing = [key for key, commit in zip(missing, found, strict=True) if commit is None]
        if not missing:
            return
        if time.monotonic() > end_s:
            break
        for key in missing:
            # Listing a folder makes such a file system look again.
            store.shard_folder(stage, key).list_names()
        time.sleep(1.0)
    raise BadRequest(
        expected="a store that driver and workers share",
        found=f"{len(missing)} shards that workers committed and that are not to be seen here",
        where=tasks[0].store_root,
        remedy="put [store] root on a file system that all machines mount, or on object storage (s3://...)",
    )


def _explained(error: BaseException, task: ShardTask) -> BaseException:
    from distributed import KilledWorker

    if isinstance(error, ModuleNotFoundError):
        return BadRequest(
            expected="workers on which this project is installed",
            found=str(error),
            where=f"{task.stage} {task.shard_label}",
            remedy="install it on every worker, or start the workers from the checkout",
        )
    return _worker_killed(error, task) if isinstance(error, KilledWorker) else error


def _worker_killed(error: "KilledWorker", task: ShardTask) -> StoreError:
    """Return the error of a shard that no worker lived through."""
    items = items_of(task)
    named = ", ".join(items[:MOST_NAMED_ITEMS]) + (", ..." if len(items) > MOST_NAMED_ITEMS else "")
    return StoreError(
        expected="a worker that lives through the shard",
        found=f"{error.allowed_failures + 1} workers that died over it, the last at {error.last_worker.address}",
        where=f"{task.stage} {task.shard_label}" + (f", items {named}" if named else ""),
        remedy="look into the worker's log for its end (memory is the usual reason: lower compute.batch_size), "
        "or take the shard's images out of the dataset",
    )
