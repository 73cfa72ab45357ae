"""Progress of long jobs, on the log: rate and time left come with each line."""

import logging
import time
from collections.abc import Callable

LOG = logging.getLogger("sane")


def report_epoch(stage: str, finished: int = 0) -> Callable[[int, int, float], None]:
    """Return a callback for (epoch, most epochs, measure) that logs at most a line every 5 s.

    `finished` epochs were trained before, by another process: they tell nothing about the rate.
    """
    measure_name = "loss" if stage.startswith("attribute_model") else "validation"
    started = time.monotonic()
    last = [started]

    def report(epoch: int, epochs: int, measure: float) -> None:
        now = time.monotonic()
        if now - last[0] < 5 and epoch < epochs:
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
