"""Log lines of workers, shown where the run was started: a training on a worker still shows its epochs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client, Worker

TOPIC = "sane-log"
LOG = logging.getLogger("sane")


class _ToScheduler(logging.Handler):
    """Sends records to the scheduler, which hands them to whoever listens."""

    def __init__(self, worker: "Worker") -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = {"level": record.levelno, "message": record.getMessage(), "inner": _inner_progress(record)}
            self._worker.log_event(TOPIC, line)
        except Exception:
            # A worker that is closing cannot send; a line that is lost must not cost the shard.
            self.handleError(record)


def _inner_progress(record: logging.LogRecord) -> Any:
    return getattr(record, "inner_progress", None)


@lru_cache(maxsize=1)
def send_log_lines(worker: "Worker") -> None:
    """From now on send what this process logs to the drivers that listen; once a process."""
    LOG.setLevel(logging.INFO)
    LOG.addHandler(_ToScheduler(worker))


@contextmanager
def shown_log_lines(client: "Client") -> Iterator[None]:
    """Log here what workers log, for the time of the block."""

    def show(event: tuple[float, Any]) -> None:
        _, line = event
        # How far a shard is travels with its line, so that a bar can show it.
        extra = None if line.get("inner") is None else {"inner_progress": line["inner"]}
        LOG.log(int(line["level"]), "%s", line["message"], extra=extra)

    client.subscribe_topic(TOPIC, show)
    try:
        yield
    finally:
        if client.status == "running":
            client.unsubscribe_topic(TOPIC)


def leave_out_lost_heartbeats(client: "Client") -> None:
    """Leave out what workers of a run that is ending log when their heartbeat finds no scheduler.

    For workers that the run itself started: their scheduler is the run's own process, which ends them, and says so
    where they end otherwise. Whatever else they log is shown, and so is this by workers that others started.
    """
    from distributed import WorkerPlugin

    def is_of_interest(record: logging.LogRecord) -> bool:
        return "Failed to communicate with scheduler during heartbeat" not in record.getMessage()

    class LostHeartbeats(WorkerPlugin):  # type: ignore[misc]  # Inside: a run without workers does not load Dask.
        name = "sane-lost-heartbeats"

        def setup(self, worker: "Worker") -> None:  # noqa: ARG002
            # The logger of Dask's worker class, of which a process has one.
            logging.getLogger("distributed.worker").addFilter(is_of_interest)

    client.register_plugin(LostHeartbeats())


@contextmanager
def without_cancelled_waits() -> Iterator[None]:
    """Leave out what tornado logs when a signal ends a wait of this thread in its first moment.

    The client cancels the wait on its event loop; where the wait had not begun there, that fails, with a traceback
    that says nothing but that. Anything else that tornado logs is shown.
    """
    # The logger that tornado's event loop uses for errors of callbacks.
    logger = logging.getLogger("tornado.application")

    def is_of_interest(record: logging.LogRecord) -> bool:
        return not ("sync.<locals>.cancel" in record.getMessage() and "NameError" in str(record.exc_info))

    logger.addFilter(is_of_interest)
    try:
        yield
    finally:
        logger.removeFilter(is_of_interest)
