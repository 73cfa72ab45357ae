"""The section on training: curves of losses and validation measures."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.evidence import ReportEvidence
from pipeline.report.figures import Palette, Picture, axis_names, literal_text, new_figure, picture, title
from pipeline.report.section import Section
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import people_name


def training_section(evidence: ReportEvidence) -> Section:
    """Return the training curves of the similarity model and of the attribute models."""
    figures = (
        similarity_training_figure(evidence.similarity_history),
        attribute_training_figure(evidence.attribute_histories),
    )
    return Section(
        "training",
        "Training",
        ("Dots mark the epochs whose weights are kept.",),
        figures=tuple(figure for figure in figures if figure is not None),
    )


def similarity_training_figure(history: Sequence[TableRow]) -> Picture | None:
    """Return loss and validation measure of the similarity model by epoch; None without a history."""
    if not history:
        return None
    return picture(partial(_similarity_curves, history), "Training curves of the similarity model")


def attribute_training_figure(histories: Mapping[str, Sequence[TableRow]]) -> Picture | None:
    """Return validation mAP and losses of the attribute models by epoch; None without a history."""
    trained = {name: rows for name, rows in histories.items() if rows}
    if not trained:
        return None
    alt = f"Training curves of the attribute models {', '.join(trained)}"
    return picture(partial(_attribute_curves, trained), alt)


def _similarity_curves(history: Sequence[TableRow], palette: Palette) -> Figure:
    figure, (loss, measure) = new_figure(palette, 10.6, 3.0, 2)
    colour = palette.series[0]
    _line(loss, history, "loss", colour, "training")
    title(loss, "Similarity model: training loss", palette)
    axis_names(loss, "epoch", "loss", palette)
    _line(measure, history, "validation_measure", colour, "validation")
    _mark_best(measure, history, "validation_measure", colour, palette)
    title(measure, "Similarity model: validation measure", palette)
    axis_names(measure, "epoch", "validation measure", palette)
    return figure


def _attribute_curves(trained: Mapping[str, Sequence[TableRow]], palette: Palette) -> Figure:
    figure, (measure, attribute_loss, heatmap_loss) = new_figure(palette, 10.6, 3.0, 3)
    for number, (name, rows) in enumerate(trained.items()):
        colour = palette.series[number % len(palette.series)]
        _line(measure, rows, "validation_map", colour, people_name(name), 100.0)
        _mark_best(measure, rows, "validation_map", colour, palette, 100.0)
        column = next((c for c in ("huber_loss_mean", "attribute_loss") if _has(rows, c)), "loss")
        _line(attribute_loss, rows, column, colour, people_name(name))
        _line(heatmap_loss, rows, "heatmap_loss", colour, people_name(name))
    for panel, name, unit in (
        (measure, "Attribute models: validation mAP", "%"),
        (attribute_loss, "Training: attribute loss", "loss"),
        (heatmap_loss, "Training: heat map loss", "loss"),
    ):
        title(panel, name, palette)
        axis_names(panel, "epoch", unit, palette)
        if panel.lines:
            panel.legend(frameon=False, fontsize=8, labelcolor=palette.ink)
        else:
            panel.set_visible(False)
    return figure


def _has(rows: Sequence[TableRow], column: str) -> bool:
    return any(_number(row.get(column)) is not None for row in rows)


def _number(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _line(panel: Axes, rows: Sequence[TableRow], column: str, colour: str, name: str, scale: float = 1.0) -> None:
    points = [(row["epoch"], _number(row.get(column))) for row in rows]
    known = [(epoch, value * scale) for epoch, value in points if value is not None]
    if known:
        panel.plot(*zip(*known, strict=True), color=colour, linewidth=1.6, label=literal_text(name))


def _mark_best(
    panel: Axes, rows: Sequence[TableRow], column: str, colour: str, palette: Palette, scale: float = 1.0
) -> None:
    known = [(value, row["epoch"]) for row in rows if (value := _number(row.get(column))) is not None]
    if not known:
        return
    value, epoch = max(known, key=lambda pair: (pair[0], -pair[1]))
    panel.plot([epoch], [value * scale], "o", color=colour, markersize=5)
    panel.annotate(
        f"epoch {epoch}",
        (epoch, value * scale),
        xytext=(0, -12),
        textcoords="offset points",
        fontsize=8,
        ha="center",
        color=palette.faint,
    )
