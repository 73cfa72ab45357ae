"""Largest and smallest values of settings with the reason for them, so that a refusal can say what a value would cost.

They stand in `Annotated` like the limits of annotated_types, which they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from annotated_types import Ge, Le


class _WithReason:
    # By this name libraries know that a limit is made of plain ones, and ask for them.
    __is_annotated_types_grouped_metadata__ = True


@dataclass(frozen=True)
class AtMost(Le, _WithReason):
    """A largest value.

    Attributes:
        reason: what would happen beyond it.
    """

    le: int | float
    reason: str = ""

    def __iter__(self) -> Iterator[object]:
        """Give the plain limit."""
        return iter((Le(self.le),))


@dataclass(frozen=True)
class AtLeast(Ge, _WithReason):
    """A smallest value.

    Attributes:
        reason: what would happen below it.
    """

    ge: int | float
    reason: str = ""

    def __iter__(self) -> Iterator[object]:
        """Give the plain limit."""
        return iter((Ge(self.ge),))


# What several settings share.
IN_FLOAT32 = AtMost(1_000_000, "larger numbers overflow float32, in which networks compute")
MAKES_NO_DIFFERENCE = AtMost(1_000_000, "larger ones change nothing any more")
FIXED_STEPS = AtMost(1_000_000, "at ten steps a second so many take more than a day")
IMAGES_AT_ONCE = AtMost(65_536, "so many images of 112 px take 10 GB before the first layer")
WHOLE_NUMBER_LEAST = AtLeast(-(2**63), "tables keep it in 64 bits")
WHOLE_NUMBER_MOST = AtMost(2**63 - 1, "tables keep it in 64 bits")
