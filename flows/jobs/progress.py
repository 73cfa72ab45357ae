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
        LOG.info(
            "%s: epoch %d of at most %d, %s %.4f, at most %.0f s left",
            stage,
            epoch,
            epochs,
            measure_name,
            measure,
            left,
        )

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
        LOG.info("%s: %d of %d %s, about %.0f s left", stage, done, total, what, left)

    return report
