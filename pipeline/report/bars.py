"""Horizontal bars that the page draws itself: sharp at every size, readable without the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.report.number_text import number_text

TOP_PRIOR_ATTRIBUTES = 20


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        label: what it belongs to.
        text: its number.
        share: its length, 0 to 1.
        kind: "", "driver" or "distractor".
        note: printed small, such as an interval.
    """

    label: str
    text: str
    share: float
    kind: str = ""
    note: str = ""


def prior_bars(rows: Sequence[Mapping[str, Any]], kind: str = "count") -> list[Bar]:
    """Return the largest 20 entries of one prior, as percent, largest first.

    `rows` have the columns of the table `prior`. Equal values keep the order of the names.
    """
    values = [(float(row["value"]), str(row["attribute"])) for row in rows if _is_valued(row, kind)]
    values.sort(key=lambda pair: (-pair[0], pair[1]))
    shown = values[:TOP_PRIOR_ATTRIBUTES]
    largest = shown[0][0] if shown and shown[0][0] > 0 else 1.0
    return [Bar(name, f"{number_text(value, 100.0, 1)} %", value / largest) for value, name in shown]


def _is_valued(row: Mapping[str, Any], kind: str) -> bool:
    return row["kind"] == kind and row["value"] is not None
