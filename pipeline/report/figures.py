"""What all figures share: look, and PNG bytes that depend on nothing but what is drawn."""

import base64
import io
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK: Final = "#1f2933"
FAINT: Final = "#7b8794"
LINE: Final = "#cbd2d9"
# Distinguishable with colour-blind eyes and in grey.
SERIES_COLOURS: Final = ("#1f5fa8", "#d9730d", "#7b8794", "#2a9d74", "#8f4ba8", "#b8860b")
_DOTS_PER_INCH: Final = 160
_PAGE_PX_PER_INCH: Final = 96


@dataclass(frozen=True)
class Picture:
    """A picture for the page.

    Attributes:
        uri: data URI.
        width_px: width on the page.
        alt: what it shows, in words.
    """

    uri: str
    width_px: int
    alt: str


def new_figure(width_in: float, height_in: float, panels: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with that many panels side by side; it belongs to no global state."""
    return new_grid(width_in, height_in, 1, panels)


def new_grid(width_in: float, height_in: float, rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in rows and columns, row by row; it belongs to no global state."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    axes: list[Axes] = list(grid.flat)
    for panel in axes:
        _style(panel)
    return figure, axes


def picture(figure: Figure, alt: str) -> Picture:
    """Return the figure as PNG; equal drawings give equal bytes."""
    buffer = io.BytesIO()
    # The name and version of the drawing software would otherwise be in the bytes.
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    width_px = round(figure.get_figwidth() * _PAGE_PX_PER_INCH)
    return Picture(data_uri(buffer.getvalue(), "image/png"), width_px, alt)


def data_uri(data: bytes, media_type: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def literal_text(text: str) -> str:
    """Return text that matplotlib draws as it is: a pair of dollar signs would start a formula."""
    return text.replace("$", r"\$")


def title(panel: Axes, text: str) -> None:
    """Write a panel's title, left-aligned."""
    panel.set_title(text, loc="left", fontsize=10, color=INK, fontweight="bold")


def axis_names(panel: Axes, x_name: str, y_name: str) -> None:
    """Name both axes of a panel."""
    panel.set_xlabel(x_name, fontsize=9, color=INK)
    panel.set_ylabel(y_name, fontsize=9, color=INK)


def _style(panel: Axes) -> None:
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        panel.spines[side].set_color(LINE)
    panel.tick_params(colors=FAINT, labelsize=8, length=3)
    panel.grid(True, color="#e8ecf0", linewidth=0.8)
    panel.set_axisbelow(True)
