"""What may be asked of the explanation of one pair."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import BadSetting

FEWEST_REFITS = 20
# The first steps, as progress tells them.
READING, LOADING = "reading results", "loading torch and what else it takes"
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
        refits: refits of directions behind the interval, and as many behind the p-value, at least 20; None: as many as
            the run takes, `explanation.refits`.
        overrides: key=value over the configuration, such as "seed=1".
        progress: told how far the work is.

    Raises:
        BadSetting: too few refits.
    """

    condition: str | None = None
    generator: str = "rise"
    both_directions: bool = False
    refits: int | None = None
    overrides: tuple[str, ...] = ()
    progress: Progress = silent

    def __post_init__(self) -> None:
        if self.refits is not None and self.refits < FEWEST_REFITS:
            raise BadSetting(
                expected=f"at least {FEWEST_REFITS}: with fewer no p-value reaches 0.05",
                found=str(self.refits),
                where="--refits",
                remedy="raise it, or leave it out",
            )
