"""One check of the answers: its figure, its outcome and what it says."""

from dataclasses import dataclass
from typing import Final

from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import PERCENT, interval_text, number_text

GOOD: Final = "good"
WEAK: Final = "weak"
BAD: Final = "bad"


@dataclass(frozen=True)
class Check:
    """One thing that speaks for or against the answers.

    Attributes:
        name: in a few words.
        figure: as it is printed.
        outcome: `GOOD`, `WEAK` or `BAD`.
        reading: what the figure says here, a sentence that begins in lower case, without its stop.
        meaning: what is measured, a sentence or two.
    """

    name: str
    figure: str
    outcome: str
    reading: str
    meaning: str


def upper_end(found: Estimate) -> float:
    """Return the upper end of a figure's interval, the figure where it has none, 0 where that is unknown, too."""
    return (found.value or 0.0) if found.high is None else found.high


def figure_text(found: Estimate, decimals: int = 3) -> str:
    """Return a figure with its interval, such as "0.123 [0.101, 0.150]"."""
    ends = interval_text(found.low, found.high, decimals=decimals)
    return f"{number_text(found.value, decimals=decimals)} {ends}".strip()


def percent_text(found: Estimate) -> str:
    """Return a share with its interval, such as "36 % [31, 42]"."""
    ends = interval_text(found.low, found.high, PERCENT, 0)
    return f"{number_text(found.value, PERCENT, 0)} % {ends}".strip()
