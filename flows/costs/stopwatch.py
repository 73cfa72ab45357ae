"""Short measurements that a busy machine disturbs little: medians, and CPU time where one thread does the work."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

FEWEST, MOST = 3, 9


@dataclass(frozen=True)
class Stopwatch:
    """How seconds are counted.

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

    def between(self, moments: Iterable[float]) -> float:
        """Return the median seconds between moments that follow each other."""
        times = list(moments)
        return statistics.median(later - earlier for earlier, later in zip(times, times[1:], strict=False))

    def _repetitions(self, run: Callable[[], object]) -> Iterator[float]:
        spent = 0.0
        for repetition in range(MOST):
            if repetition >= FEWEST and spent >= self.budget:
                return
            started = self.now()
            run()
            seconds = self.now() - started
            spent += seconds
            yield seconds
