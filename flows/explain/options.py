"""What may be asked of the explanation of one pair."""

from collections.abc import Callable
from dataclasses import dataclass

# Called with what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


def silent(_step: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ExplainOptions:
    """How a pair is explained.

    Attributes:
        condition: of a model with conditions, such as "bags|shoes"; None: that of the images' types where both are
            known and the model has it, else none.
        generator: makes the map of the query; the map of the reference and the regions are always RISE's.
        both_directions: explain the second image against the first as well.
        overrides: key=value over the configuration, such as "seed=1".
        progress: told how far the work is.
    """

    condition: str | None = None
    generator: str = "rise"
    both_directions: bool = False
    overrides: tuple[str, ...] = ()
    progress: Progress = silent
