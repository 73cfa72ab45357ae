"""What is left out of the log while a run is on Dask."""

import logging

import pytest

from flows.engine.on_dask.cluster import DaskOptions, dask_cluster
from flows.engine.on_dask.log import without_cancelled_waits
from flows.engine.shard_task import Device

TORNADO = logging.getLogger("tornado.application")
CANCEL = "Exception in callback functools.partial(<function sync.<locals>.cancel at 0x7f4b25f318a0>)"


def log_an_error(message: str, error: Exception) -> None:
    try:
        raise error
    except Exception:
        TORNADO.exception(message)


def test_only_the_failed_cancellation_of_a_wait_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with without_cancelled_waits():
        log_an_error(CANCEL, NameError("cannot access free variable 'future'"))
        assert caplog.records == []
        log_an_error(CANCEL, ValueError("something else"))
        log_an_error("Exception in callback of mine", NameError("future"))
    log_an_error(CANCEL, NameError("cannot access free variable 'future'"))
    assert len(caplog.records) == 3


def test_workers_of_a_run_do_not_complain_that_its_scheduler_has_ended() -> None:
    def shown(message: str) -> bool:
        import logging

        logger = logging.getLogger("distributed.worker")
        return bool(logger.filter(logger.makeRecord(logger.name, logging.ERROR, "worker.py", 1, message, (), None)))

    with dask_cluster(DaskOptions(address=None, workers=1, patience_s=60, device=Device("cpu", 1, 1))) as cluster:
        lost, unexpected = "Failed to communicate with scheduler during heartbeat.", "Unexpected exception"
        assert list(cluster.client.run(shown, lost).values()) == [False]
        assert list(cluster.client.run(shown, unexpected).values()) == [True]
