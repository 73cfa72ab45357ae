"""The section on weights and prior: the grid of weights as a triangle, whose corners are one term alone."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from pipeline.report.evidence import ReportEvidence, best_weights
from pipeline.report.figures import Palette, Picture, new_figure, picture
from pipeline.report.number_text import count_text, number_text
from pipeline.report.paper_figures import PAPER_WEIGHTS
from pipeline.report.section import Bar, Chart, Section
from pipeline.report.table_model import Cell, Column, Row, Table
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import people_name

TOP_PRIOR_ATTRIBUTES = 20
_COUNT = "count"

_PRIORS = {
    "none": "without prior",
    "count": "prior counted on validation pairs",
    "tcav": "prior of concept vectors (TCAV)",
}

_HEIGHT = np.sqrt(3) / 2
# Corners of the triangle: confidence below left, map match below right, prior on top.
_CORNERS_XY = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, _HEIGHT]])
_PAPER_MARKERS = ("D", "s")


def weights_section(evidence: ReportEvidence) -> Section:
    """Return the grid of weights with the chosen and the papers' points, and the prior."""
    figure = weight_grid_figure(evidence.weight_grid)
    bars = prior_bars(evidence.prior)
    n_valued = sum(_is_valued(row, _COUNT) for row in evidence.prior)
    papers = "; ".join(
        f"{name}: {', '.join(f'{weight:g}' for weight in weights)}" for name, weights in PAPER_WEIGHTS.items()
    )
    return Section(
        "weights",
        "Weights and prior",
        (
            "The weights of confidence, map match and prior are chosen on held-out pairs for the largest "
            "mean drop of the score; only their ratios count. Confidence: how sure the attribute model is that the "
            "query has the attribute; map match: how well the place where it sees the attribute fits the saliency "
            "map. The prior is how often each attribute was the best "
            "explanation, counted on the other half of those pairs.",
        ),
        tables=(sensitivity_table(evidence.weight_sensitivity),) if evidence.weight_sensitivity else (),
        figures=() if figure is None else (figure,),
        charts=(
            Chart(
                f"Prior: the {len(bars)} largest of {n_valued}",
                tuple(bars),
            ),
        )
        if bars
        else (),
        notes=(
            f"The papers’ nominal weights ({papers}) are marked for orientation: they do not state the "
            "scales of their terms.",
        ),
    )


def sensitivity_table(rows: Sequence[TableRow]) -> Table:
    """Return what the grid points near the chosen weights achieve, and how many pairs they rename.

    `rows` have the columns of the table `weight_sensitivity`.
    """
    columns = (
        Column("weights of", is_text=True),
        Column("points"),
        Column("chosen", "× 100"),
        Column("from", "× 100"),
        Column("to", "× 100"),
        Column("renamed at a point", "% of pairs, mean"),
        Column("at most", "% of pairs"),
        Column("at some point", "% of pairs"),
    )
    objectives = ("objective", "least_objective", "largest_objective")
    shares = ("mean_changed", "most_changed", "ever_changed")
    found = tuple(
        Row(
            (
                Cell(people_name(row["model"]), _PRIORS.get(row["prior_kind"], f"{row['prior_kind']} prior")),
                Cell(count_text(row["points"])),
                *(Cell(number_text(row[name], 100.0, 2)) for name in objectives),
                *(Cell(number_text(row[name], 100.0, 1)) for name in shares),
            )
        )
        for row in rows
    )
    note = (
        "The mean drop of the score on held-out pairs at the chosen weights, and its range over all grid points none "
        "of whose weights is more than 0.1 from the chosen one; then the pairs whose first attribute is another there."
    )
    return Table("How much hangs on the chosen weights", columns, found, (note,))


def prior_bars(rows: Sequence[Mapping[str, Any]], kind: str = _COUNT) -> list[Bar]:
    """Return the largest 20 entries of one prior, as percent, largest first.

    `rows` have the columns of the table `prior`. Equal values keep the order of the names.
    """
    values = [(float(row["value"]), str(row["attribute"])) for row in rows if _is_valued(row, kind)]
    values.sort(key=lambda pair: (-pair[0], pair[1]))
    shown = values[:TOP_PRIOR_ATTRIBUTES]
    largest = shown[0][0] if shown and shown[0][0] > 0 else 1.0
    return [Bar(name, f"{number_text(value, 100.0, 1)} %", value / largest) for value, name in shown]


def triangle_points(weights_gw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return positions (point, xy) of weights (point, term), whatever their sum: only ratios count."""
    weights = np.asarray(weights_gw, dtype=np.float64)
    positions_gx: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True) @ _CORNERS_XY
    return positions_gx


def weight_grid_figure(rows: Sequence[TableRow], prior_kind: str = _COUNT) -> Picture | None:
    """Return the objective x 100 over the simplex of weights, the best point and the papers' points marked.

    `rows` have the columns of the table `weight_grid`; the grid shown is that of `sane`. None without a grid of this
    prior.
    """
    wanted = ("sane", prior_kind)
    grid = [row for row in rows if (row["model"], row["prior_kind"]) == wanted and row["objective"] is not None]
    if len(grid) < 3:
        return None
    alt = "Objective over the weights of confidence, map match and prior"
    return picture(partial(_triangle, grid, best_weights(rows, prior_kind)), alt)


def _triangle(grid: Sequence[TableRow], best: TableRow | None, palette: Palette) -> Figure:
    weights_gw = np.array([[row["confidence_weight"], row["map_match_weight"], row["prior_weight"]] for row in grid])
    objective_g = np.array([row["objective"] for row in grid], dtype=np.float64) * 100
    figure, (panel,) = new_figure(palette, 6.6, 5.0, 1)
    cells = PolyCollection(
        list(_hexagons(triangle_points(weights_gw), _step(weights_gw))),
        array=objective_g,
        cmap="viridis",
        edgecolors="face",
        linewidths=0.4,
    )
    panel.add_collection(cells)
    bar = figure.colorbar(cells, ax=panel, shrink=0.7, pad=0.02)
    bar.set_label("objective on held-out pairs, × 100", fontsize=9, color=palette.ink)
    bar.ax.tick_params(labelsize=8, colors=palette.faint)
    bar.outline.set_visible(False)
    _mark(panel, best, palette)
    _frame(panel, palette)
    return figure


def _step(weights_gw: npt.NDArray[np.float64]) -> float:
    positive = weights_gw[weights_gw > 1e-9]
    return float(positive.min())


def _hexagons(positions_gx: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.float64]:
    """Return the cells (point, corner, xy) that tile the plane around grid points `step` apart."""
    angles = np.deg2rad(np.arange(30, 390, 60))
    corners_cx = step / np.sqrt(3) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    hexagons_gcx: npt.NDArray[np.float64] = positions_gx[:, None, :] + corners_cx[None]
    return hexagons_gcx


def _mark(panel: Axes, best: TableRow | None, palette: Palette) -> None:
    if best is not None:
        chosen = (best["confidence_weight"], best["map_match_weight"], best["prior_weight"])
        _point(panel, chosen, f"best: {', '.join(f'{weight:.2f}' for weight in chosen)}", "*", 17, "#d62839")
    for marker, (name, paper) in zip(_PAPER_MARKERS, PAPER_WEIGHTS.items(), strict=True):
        _point(panel, paper, f"{name}: {', '.join(f'{weight:g}' for weight in paper)}", marker, 8, "#111827")
    heading = "(confidence, map match, prior)"
    legend = panel.legend(
        frameon=False,
        fontsize=8,
        loc="upper left",
        title=heading,
        title_fontsize=8,
        alignment="left",
        labelcolor=palette.ink,
    )
    legend.get_title().set_color(palette.ink)


def _point(
    panel: Axes, weights: tuple[float, float, float], label: str, marker: str, size_pt: float, colour: str
) -> None:
    (x, y) = triangle_points(np.array([weights]))[0]
    (line,) = panel.plot([x], [y], marker, markersize=size_pt, color=colour, label=label)
    line.set_markeredgecolor("white")
    line.set_markeredgewidth(1.2)


def _frame(panel: Axes, palette: Palette) -> None:
    panel.set_aspect("equal")
    panel.set_xlim(-0.16, 1.16)
    panel.set_ylim(-0.11, _HEIGHT + 0.12)
    panel.axis("off")
    for (x, y), name, up in zip(_CORNERS_XY, ("confidence", "map match", "prior"), (False, False, True), strict=True):
        offset = 0.05 if up else -0.05
        panel.text(x, y + offset, name, ha="center", va="bottom" if up else "top", fontsize=9, color=palette.ink)


def _is_valued(row: Mapping[str, Any], kind: str) -> bool:
    return row["kind"] == kind and row["value"] is not None
