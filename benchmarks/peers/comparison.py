"""What is timed against what, and the goals that follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

BARE = "bare passes, folded, channels last"
PLAIN = "bare passes, network as built"


@dataclass(frozen=True)
class Contender:
    """One way to make maps.

    Attributes:
        name: of its row.
        run: makes them once.
        passes: of the yardstick, that its time is compared with.
    """

    name: str
    run: Callable[[], object]
    passes: int


@dataclass(frozen=True)
class Goal:
    """A bound on a ratio of seconds a pass, by the contenders' names.

    Attributes:
        text: what is bounded.
        ratio: of the measured seconds.
        bound: its limit.
        is_upper: whether the ratio must stay below the bound; else it must reach it.
    """

    text: str
    ratio: Callable[[Mapping[str, float]], float]
    bound: float
    is_upper: bool = True

    def is_reached(self, seconds: Mapping[str, float]) -> bool:
        """Return whether the measured seconds keep to it."""
        ratio = self.ratio(seconds)
        return ratio <= self.bound if self.is_upper else ratio >= self.bound


@dataclass(frozen=True)
class Comparison:
    """Contenders that take turns.

    Attributes:
        title: the method.
        contenders: the first is the yardstick of the others.
        goals: of this method.
    """

    title: str
    contenders: tuple[Contender, ...]
    goals: tuple[Goal, ...] = ()
