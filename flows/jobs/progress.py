"""Progress of long jobs, on the log: rate and time left come with each line."""

import logging
import time
from collections.abc import Callable

LOG = logging.getLogger("sane")
SECONDS_BETWEEN_LINES = 5


def report_epoch(stage: str, finished: int = 0) -> Callable[[int, int, float], None]:
    """Return a callback for (epoch, most epochs, measure) that logs at most a line every 5 s.

    `finished` epochs were trained before, by another process: they tell nothing about the rate.
    """
    measure_name = "loss" if stage.startswith("attribute_model") else "validation"
    started = time.monotonic()
    last = [started]

    def report(epoch: int, epochs: int, measure: float) -> None:
        now = time.monotonic()
        if now - last[0] < SECONDS_BETWEEN_LINES and epoch < epochs:
            return
        last[0] = now
        left = (now - started) / (epoch - finished) * (epochs - epoch)
        text = f"{stage}: epoch {epoch} of at most {epochs}, {measure_name} {measure:.4f}"
        LOG.info("%s", text + _left(left, "at most"), extra={"inner_progress": (epoch, epochs)})

    return report


def report_count(stage: str, what: str) -> Callable[[int, int], None]:
    """Return a callback for (done, all) that logs at most a line every 5 s, and none for work that is done sooner."""
    started = time.monotonic()
    last = [started]

    def report(done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] < SECONDS_BETWEEN_LINES:
            return
        last[0] = now
        left = (now - started) / done * (total - done)
        text = f"{stage}: {done} of {total} {what}"
        LOG.info("%s", text + _left(left, "about"), extra={"inner_progress": (done, total)})

    return report


def _left(seconds: float, bound: str) -> str:
    """Return how long it still takes; nothing where that rounds to 0 s."""
    return f", {bound} {seconds:.0f} s left" if seconds >= 0.5 else ""
