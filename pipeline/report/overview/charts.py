"""The charts of the overview, each drawn once for wide and once for narrow pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.metric_table import Estimate
from pipeline.report.number_text import PERCENT, interval_text, number_text
from pipeline.report.overview.inline_svg import ACCENT, FAINT, GRID, INK, PALE, ChartWords, inline_svg
from pipeline.report.overview.shares import AttributeShare

_STEP_PX: Final = 28
_LONGEST_NAME: Final = {"wide": 34, "narrow": 18}
_WIDTH_PX: Final = {"wide": 400, "narrow": 150}
_SPARE_PX_PER_LETTER: Final = 1.5


@dataclass(frozen=True)
class ResponsiveChart:
    """One chart as `<svg>` elements, of which a page shows the one that fits."""

    wide: str
    narrow: str


@dataclass(frozen=True)
class _Mark:
    """One row of a chart: a value with the ends of its interval, which may be unknown."""

    name: str
    value: float
    low: float | None
    high: float | None
    is_muted: bool = False

    def text(self, decimals: int) -> str:
        return f"{number_text(self.value, decimals=decimals)} {interval_text(self.low, self.high, 1, decimals)}".strip()


def shares_chart(shares: Sequence[AttributeShare]) -> ResponsiveChart:
    """Return a bar for each attribute's share of the pairs, with its interval."""
    marks = [_mark(one.attribute, one.share, PERCENT) for one in shares]
    return _drawn(marks, _bars, ("shares", "Share of pairs that each attribute explains", "share of pairs, %"), 0)


def effects_chart(shares: Sequence[AttributeShare]) -> ResponsiveChart:
    """Return a point for each attribute's mean effect, with its interval."""
    marks = [_mark(one.attribute, one.effect, 1.0) for one in shares]
    words = ("effects", "Expected fall of the similarity without each attribute", "expected fall of the similarity")
    return _drawn(marks, _points, words, 3)


def worth_chart(estimates: Sequence[tuple[str, Estimate, bool]]) -> ResponsiveChart:
    """Return a point for the insertion area of each kind of map, with its interval; controls are muted.

    Args:
        estimates: name, figure and whether it is a control.
    """
    marks = [
        _Mark(name, found.value, found.low, found.high, is_control)
        for name, found, is_control in estimates
        if found.value is not None
    ]
    words = ("worth", "Faithfulness of the maps: insertion area", "insertion area, 0 to 1; larger is better")
    return _drawn(marks, _points, words, 3)


def _mark(name: str, interval: Interval, scale: float) -> _Mark:
    is_known = interval.low == interval.low and interval.high == interval.high
    ends = (scale * interval.low, scale * interval.high) if is_known else (None, None)
    return _Mark(name, scale * interval.value, *ends)


def _drawn(
    marks: Sequence[_Mark], layers: Callable[[alt.Chart], list[Any]], words: tuple[str, str, str], decimals: int
) -> ResponsiveChart:
    name, title, axis = words
    told = "; ".join(f"{mark.name} {mark.text(decimals)}" for mark in marks)
    drawings = []
    for size in ("wide", "narrow"):
        specification = _specification(marks, layers, axis, size)
        chart_words = ChartWords(f"chart-{name}-{size}", title, f"{axis}: {told}.")
        drawings.append(inline_svg(specification, chart_words))
    return ResponsiveChart(*drawings)


def _specification(
    marks: Sequence[_Mark], layers: Callable[[alt.Chart], list[Any]], axis: str, size: str
) -> dict[str, Any]:
    # Rows are told apart by number: names may be equal once they are cut.
    rows = [
        {
            "row": row,
            "name": _cut(mark.name, _LONGEST_NAME[size]),
            "value": mark.value,
            "low": mark.value if mark.low is None else mark.low,
            "high": mark.value if mark.high is None else mark.high,
            "is_muted": mark.is_muted,
        }
        for row, mark in enumerate(marks)
    ]
    data = alt.Data(values=rows)  # type: ignore[no-untyped-call]
    base = alt.Chart(data).encode(
        y=alt.Y("row:O", title=None, axis=alt.Axis(labelExpr=_label_expression(rows), labelLimit=400, ticks=False))
    )
    chart = alt.layer(*layers(base.encode(x=alt.X("value:Q", title=axis))))
    # The page's letters may be wider than those that Vega measured.
    spare_px = round(_SPARE_PX_PER_LETTER * max((len(str(row["name"])) for row in rows), default=0))
    padding = {"left": spare_px + 4, "right": 12, "top": 4, "bottom": 4}
    sized = chart.properties(
        width=_WIDTH_PX[size], height=alt.Step(_STEP_PX), background="transparent", padding=padding
    )
    look = sized.configure_view(stroke=None).configure_axis(
        labelColor=INK,
        titleColor=FAINT,
        titleFontWeight="normal",
        labelFontSize=13,
        titleFontSize=13,
        gridColor=GRID,
        domainColor=GRID,
        tickColor=GRID,
        tickCount=5 if size == "wide" else 3,
    )
    specification: dict[str, Any] = look.configure_axisY(grid=False, domain=False, labelPadding=7).to_dict()
    return specification


def _bars(base: alt.Chart) -> list[Any]:
    return [base.mark_bar(color=ACCENT, height=14, opacity=0.7), _ends(base)]


def _points(base: alt.Chart) -> list[Any]:
    # No scale takes the stand-ins for colours of its own: each layer has one colour.
    strong = base.transform_filter("!datum.is_muted")
    muted = base.transform_filter("datum.is_muted")
    return [
        _ends(base),
        strong.mark_point(color=ACCENT, filled=True, size=90, opacity=1),
        muted.mark_point(color=PALE, filled=True, size=90, opacity=1, shape="square"),
    ]


def _ends(base: alt.Chart) -> Any:
    return base.encode(x=alt.X("low:Q"), x2="high:Q").mark_rule(color=INK, strokeWidth=1.5)


def _label_expression(rows: Sequence[dict[str, Any]]) -> str:
    """Return an expression of Vega that gives a row's name by its number."""
    names = ", ".join(_vega_text(row["name"]) for row in rows)
    return f"[{names}][datum.value]"


def _vega_text(text: str) -> str:
    """Return a text as a literal of Vega's expressions, in which nothing but quotes and backslashes is special."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return "'" + printable.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
