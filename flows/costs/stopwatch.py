"""A stopwatch that counts what a busy machine disturbs least."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FEWEST_REPETITIONS, MOST_REPETITIONS = 3, 9


@dataclass(frozen=True)
class Stopwatch:
    """How seconds are counted: medians, and CPU time where one thread computes, which a busy machine disturbs little.

    Attributes:
        cpu_time: count this process's CPU time, which other processes do not lengthen. Only right where one thread
            computes and nothing waits for an accelerator or a disk.
        budget: seconds after which no further repetition starts, once there are three.
    """

    cpu_time: bool
    budget: float = 0.6

    def now(self) -> float:
        """Return the moment, in seconds from an arbitrary one."""
        return time.process_time() if self.cpu_time else time.perf_counter()

    def median(self, run: Callable[[], object]) -> float:
        """Return the median seconds of a call, after one that warms up."""
        run()
        return statistics.median(self._repetitions(run))

    def quickest(self, run: Callable[[], object]) -> float:
        """Return the least seconds of a call: for what waits for a disk, so that wall time has to be counted."""
        run()
        return min(self._repetitions(run))

    def _repetitions(self, run: Callable[[], object]) -> Iterator[float]:
        spent = 0.0
        for repetition in range(MOST_REPETITIONS):
            if repetition >= FEWEST_REPETITIONS and spent >= self.budget:
                return
            started = self.now()
            run()
            seconds = self.now() - started
            spent += seconds
            yield seconds
