"""Ctrl-C at a terminal reaches all its processes; workers that a run started leave it to the run, which stops them."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

LOG = logging.getLogger("sane")


@contextmanager
def stop_deferred() -> Iterator[None]:
    """Let SIGINT and SIGTERM take effect at the end of the block: a cluster that has not started cannot be stopped.

    Does nothing in a thread other than the main one, which gets no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)
        LOG.info("stopping as soon as the workers have started")

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if callable(signal.getsignal(one))]
    previous = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


@contextmanager
def loop_without_interrupts() -> Iterator["IOLoop"]:
    """Give a running event loop for a cluster whose workers, also those started later, do not get SIGINT.

    A process inherits the signals that are blocked in the thread that starts it, and a thread those of its own
    creator; the thread of the loop is created with SIGINT blocked, and this thread goes on with it as before.
    """
    from distributed.utils import LoopRunner

    # Its first start lets SIGINT through again in the thread that happens to need it.
    resource_tracker.ensure_running()
    runner = LoopRunner(asynchronous=False)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        yield runner.loop
    finally:
        runner.stop()
