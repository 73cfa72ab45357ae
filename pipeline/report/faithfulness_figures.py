"""Mean insertion and deletion curves: all in one panel while they can be told apart, else a panel per generator."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from pipeline.report.curves import mean_curve, normalised_curves
from pipeline.report.evidence import CurveSet
from pipeline.report.figures import (
    FAINT,
    SERIES_COLOURS,
    Picture,
    axis_names,
    literal_text,
    new_figure,
    new_grid,
    picture,
    title,
)
from pipeline.report.generator_names import generator_name, is_control, maps_name

# As many lines as one panel shows legibly.
MOST_LINES = 5
_PANELS_ACROSS = 4
_SCORE = "score, from each pair’s min to max"
_INSERTION = ("Insertion: higher is better", "pixels pasted onto the canvas, %")
_DELETION = ("Deletion: lower is better", "pixels blanked, %")
# Grey is for the controls. No generator has as many modes.
_MODE_COLOURS = tuple(colour for colour in SERIES_COLOURS if colour != FAINT)
_CONTROL_STYLES = {"centre": (FAINT, "--"), "random": (FAINT, ":")}


def faithfulness_figures(curve_sets: Sequence[CurveSet]) -> list[Picture]:
    """Return the mean curves with 95 % bands: one figure of two panels, or two with a panel per generator; [] without.

    Where there are more than five generators and modes, each panel shows one generator's modes beside the controls,
    these as dashed lines without bands.
    """
    shown = [curves for curves in curve_sets if len(curves.insertion_pt)]
    if not shown:
        return []
    if len(shown) <= MOST_LINES or all(is_control(curves.generator) for curves in shown):
        return [_one_figure(shown)]
    return [_panels(shown, True), _panels(shown, False)]


def _one_figure(shown: Sequence[CurveSet]) -> Picture:
    figure, (insertion, deletion) = new_figure(10.6, 3.7, 2)
    for number, curves in enumerate(shown):
        colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
        name = maps_name(curves.generator, curves.mode)
        _draw(insertion, curves, True, name, colour)
        _draw(deletion, curves, False, name, colour)
    for panel, (name, pixels) in ((insertion, _INSERTION), (deletion, _DELETION)):
        title(panel, name)
        axis_names(panel, pixels, _SCORE)
        _limit(panel)
    insertion.legend(frameon=False, fontsize=9, loc="lower right")
    names = ", ".join(maps_name(curves.generator, curves.mode) for curves in shown)
    return picture(figure, f"Mean insertion and deletion curves of {names}")


def _panels(shown: Sequence[CurveSet], is_insertion: bool) -> Picture:
    controls = [curves for curves in shown if is_control(curves.generator)]
    generators = list(dict.fromkeys(curves.generator for curves in shown if not is_control(curves.generator)))
    rows = -(-len(generators) // _PANELS_ACROSS)
    across = min(_PANELS_ACROSS, len(generators))
    figure, grid = new_grid(10.6, 2.6 * rows + 0.5, rows, across)
    heading, pixels = _INSERTION if is_insertion else _DELETION
    figure.suptitle(heading, x=0.01, ha="left", fontsize=11, fontweight="bold")
    for number, panel in enumerate(grid):
        if number >= len(generators):
            panel.set_visible(False)
            continue
        for curves in controls:
            colour, dashes = _CONTROL_STYLES.get(curves.generator, (FAINT, "-."))
            _draw(panel, curves, is_insertion, generator_name(curves.generator), colour, dashes)
        own = [curves for curves in shown if curves.generator == generators[number]]
        for colour, curves in zip(_MODE_COLOURS, own, strict=False):
            _draw(panel, curves, is_insertion, curves.mode, colour)
        title(panel, generator_name(generators[number]))
        is_lowest, is_left = number + across >= len(generators), number % across == 0
        axis_names(panel, pixels if is_lowest else "", "score, min to max" if is_left else "")
        _limit(panel)
        panel.legend(frameon=False, fontsize=7, loc="lower right" if is_insertion else "upper right")
    names = ", ".join(generator_name(generator) for generator in generators)
    return picture(figure, f"Mean {'insertion' if is_insertion else 'deletion'} curves of {names}, beside the controls")


def _draw(panel: Axes, curves: CurveSet, is_insertion: bool, name: str, colour: str, dashes: str = "-") -> None:
    scores_pt = curves.insertion_pt if is_insertion else curves.deletion_pt
    curve = mean_curve(normalised_curves(scores_pt), curves.clusters_p)
    percent_t = np.linspace(0, 100, len(curve.mean_t))
    panel.plot(percent_t, curve.mean_t, color=colour, linewidth=1.8, linestyle=dashes, label=literal_text(name))
    if dashes == "-":
        panel.fill_between(percent_t, curve.low_t, curve.high_t, color=colour, alpha=0.18, linewidth=0)


def _limit(panel: Axes) -> None:
    panel.set_xlim(0, 100)
    panel.set_ylim(0, 1)
