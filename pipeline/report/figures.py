"""What all figures share: look on a light and on a dark page, and PNG bytes that depend only on what is drawn."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_DOTS_PER_INCH: Final = 160
_PAGE_PX_PER_INCH: Final = 96


@dataclass(frozen=True)
class Palette:
    """The colours of figures under one colour scheme of the page, each "#rrggbb".

    Attributes:
        ground: behind everything, as behind the page.
        ink: titles and names.
        faint: numbers at ticks, remarks, and the curves of controls.
        line: axes.
        grid: behind the curves.
        series: of curves; distinguishable with colour-blind eyes and in grey.
    """

    ground: str
    ink: str
    faint: str
    line: str
    grid: str
    series: tuple[str, ...]


LIGHT: Final = Palette(
    ground="#ffffff",
    ink="#1f2933",
    faint="#636f7c",
    line="#cbd2d9",
    grid="#e8ecf0",
    series=("#1f5fa8", "#d9730d", "#636f7c", "#2a9d74", "#8f4ba8", "#b8860b"),
)
DARK: Final = Palette(
    ground="#15191e",
    ink="#e4e8ed",
    faint="#939fac",
    line="#4a545f",
    grid="#2a313a",
    series=("#6ea8ee", "#e8893a", "#939fac", "#4fbd95", "#c58ade", "#d9b13b"),
)


@dataclass(frozen=True)
class Picture:
    """A picture for the page.

    Attributes:
        uri: data URI, for a light page.
        dark_uri: the same for a dark page.
        width_px: width on the page.
        alt: what it shows, in words.
    """

    uri: str
    dark_uri: str
    width_px: int
    alt: str


def new_figure(palette: Palette, width_in: float, height_in: float, panels: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with that many panels side by side; it belongs to no global state."""
    return new_grid(palette, width_in, height_in, (1, panels))


def new_grid(palette: Palette, width_in: float, height_in: float, shape: tuple[int, int]) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels in rows and columns, row by row; it belongs to no global state."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained", facecolor=palette.ground)
    FigureCanvasAgg(figure)
    grid = figure.subplots(*shape, squeeze=False)
    axes: list[Axes] = list(grid.flat)
    for panel in axes:
        _style(panel, palette)
    return figure, axes


def picture(draw: Callable[[Palette], Figure], alt: str) -> Picture:
    """Return what `draw` makes with each palette, as PNG; equal drawings give equal bytes."""
    light, dark = draw(LIGHT), draw(DARK)
    width_px = round(light.get_figwidth() * _PAGE_PX_PER_INCH)
    return Picture(_png_uri(light), _png_uri(dark), width_px, alt)


def data_uri(data: bytes, media_type: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def literal_text(text: str) -> str:
    """Return text that matplotlib draws as it is: a pair of dollar signs would start a formula."""
    return text.replace("$", r"\$")


def title(panel: Axes, text: str, palette: Palette) -> None:
    """Write a panel's title, left-aligned."""
    panel.set_title(text, loc="left", fontsize=10, color=palette.ink, fontweight="bold")


def axis_names(panel: Axes, x_name: str, y_name: str, palette: Palette) -> None:
    """Name both axes of a panel."""
    panel.set_xlabel(x_name, fontsize=9, color=palette.ink)
    panel.set_ylabel(y_name, fontsize=9, color=palette.ink)


def _png_uri(figure: Figure) -> str:
    buffer = io.BytesIO()
    # The name and version of the drawing software would otherwise be in the bytes.
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return data_uri(buffer.getvalue(), "image/png")


def _style(panel: Axes, palette: Palette) -> None:
    panel.set_facecolor(palette.ground)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        panel.spines[side].set_color(palette.line)
    panel.tick_params(colors=palette.faint, labelsize=8, length=3)
    panel.grid(True, color=palette.grid, linewidth=0.8)
    panel.set_axisbelow(True)
