"""CPU seconds of contenders that take turns."""

import time
from collections.abc import Callable, Sequence

from benchmarks.peers.comparison import Contender
from benchmarks.perturbation_speed import interleaved


def measure(contenders: Sequence[Contender], repetitions: int) -> dict[str, float]:
    """Return each contender's least CPU seconds per pass of its yardstick."""
    runs = [_counted(contender) for contender in contenders]
    seconds = interleaved(runs, repetitions, median=False, clock=time.process_time)
    return dict(zip((contender.name for contender in contenders), seconds, strict=True))


def _counted(contender: Contender) -> Callable[[], int]:
    def run() -> int:
        contender.run()
        return contender.passes

    return run
