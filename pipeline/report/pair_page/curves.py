"""Insertion and deletion curves of a pair as the lines of a small SVG drawing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.report.number_text import number_text
from pipeline.report.pair_page.evidence import PageMap

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 20, 34
# More points than this cannot be seen at this size.
_MOST_POINTS = 51
# Distances between marks, of which the smallest that gives at most this many is taken.
_STEPS, _MOST_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0), 6


@dataclass(frozen=True)
class CurveLines:
    """The lines of one map, as points of an SVG polyline; `number` is that of the map on the page."""

    number: int
    name: str
    insertion: str
    deletion: str


@dataclass(frozen=True)
class CurveDrawing:
    """The lines of all maps that have curves, with marks (place, text) on both axes."""

    lines: tuple[CurveLines, ...]
    across: tuple[tuple[int, str], ...]
    up: tuple[tuple[int, str], ...]
    words: str


def curve_drawing(maps: Sequence[PageMap]) -> CurveDrawing | None:
    """Return the drawing of the curves of these maps; None where none was measured."""
    shown = [(number, one) for number, one in enumerate(maps) if len(one.insertion_t) and len(one.deletion_t)]
    if not shown:
        return None
    curves = [np.asarray(curve, dtype=np.float64) for _, one in shown for curve in (one.insertion_t, one.deletion_t)]
    low, high = min(curve.min() for curve in curves), max(curve.max() for curve in curves)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    points = [_points(curve, float(low), float(high)) for curve in curves]
    return CurveDrawing(
        tuple(
            CurveLines(number, one.name, points[2 * place], points[2 * place + 1])
            for place, (number, one) in enumerate(shown)
        ),
        tuple((round(_x(share)), f"{100 * share:.0f} %") for share in (0, 0.25, 0.5, 0.75, 1)),
        tuple(
            (round(_y(value, float(low), float(high))), number_text(value, decimals=2))
            for value in _marks(float(low), float(high))
        ),
        _words([one for _, one in shown]),
    )


def _marks(low: float, high: float) -> npt.NDArray[np.float64]:
    """Return round values from low to high."""
    step = next((one for one in _STEPS if (high - low) / one <= _MOST_TICKS - 1), high - low)
    first, last = math.ceil(round(low / step, 6)), math.floor(round(high / step, 6))
    return np.arange(first, last + 1) * np.float64(step)


def _points(curve_t: npt.NDArray[np.floating[Any]], low: float, high: float) -> str:
    steps = np.unique(np.rint(np.linspace(0, len(curve_t) - 1, _MOST_POINTS)).astype(int))
    across = steps / max(len(curve_t) - 1, 1)
    places = zip(_x(across), _y(curve_t[steps], low, high), strict=True)
    return " ".join(f"{x:.0f},{y:.1f}" for x, y in places)


def _x(share: Any) -> Any:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: Any, low: float, high: float) -> Any:
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _words(shown: Sequence[PageMap]) -> str:
    """Return the areas of all curves as a sentence, for those who cannot see the drawing."""
    areas = (
        f"{one.name} insertion {number_text(one.insertion_auc, decimals=2)}, "
        f"deletion {number_text(one.deletion_auc, decimals=2)}"
        for one in shown
    )
    return f"Areas under the curves, each stretched from 0 to 1: {'; '.join(areas)}."
