"""A table as data: what the page draws, and what the tests read."""

from dataclasses import dataclass
from itertools import groupby

from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import MISSING, interval_text, number_text


@dataclass(frozen=True)
class Column:
    """A column's heading.

    Attributes:
        heading: its name.
        hint: a few words on unit or direction, printed small.
        group: heading shared with its neighbours, such as "papers, AwA".
        is_text: aligned left instead of right.
    """

    heading: str
    hint: str = ""
    group: str = ""
    is_text: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: what it says.
        note: printed small after it, such as an interval.
        tone: "", "best", "good", "bad", "muted", "paper", "code" or "line" (never broken).
        share: length of a bar behind the number, 0 to 1; None for no bar.
    """

    text: str
    note: str = ""
    tone: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Row:
    """Cells in the order of the columns, and a tone for the whole row: "", "muted" or "total"."""

    cells: tuple[Cell, ...]
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table with its title above and its notes below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Headings above the columns with how many columns each spans; empty if no column has one."""
        groups = [(name, len(list(run))) for name, run in groupby(column.group for column in self.columns)]
        return groups if any(name for name, _ in groups) else []


@dataclass(frozen=True)
class NumberFormat:
    """How a figure is printed: its factor, its decimals, and whether its interval follows."""

    scale: float = 100.0
    decimals: int = 1
    with_interval: bool = True


def estimate_cell(estimate: Estimate | None, number: NumberFormat, tone: str = "") -> Cell:
    """Return the cell of a figure with its interval; a muted dash where there is none."""
    if estimate is None or estimate.value is None:
        return Cell(MISSING, tone="muted")
    note = interval_text(estimate.low, estimate.high, number.scale, number.decimals)
    text = number_text(estimate.value, number.scale, number.decimals)
    return Cell(text, note if number.with_interval else "", tone)


def paper_cell(percent: float | None) -> Cell:
    """Return the cell of a figure that the papers printed, already in percent."""
    return Cell(number_text(percent), tone="paper" if percent is not None else "muted")
