"""Mean insertion and deletion curves: all in one panel while they can be told apart, else a panel per generator."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.curves import mean_curve, normalised_curves
from pipeline.report.evidence import CurveSet
from pipeline.report.figures import Palette, Picture, axis_names, literal_text, new_figure, new_grid, picture, title
from pipeline.report.generator_names import generator_name, is_control, maps_name

# As many lines as one panel shows legibly.
MOST_LINES = 5
_PANELS_ACROSS = 4
_SCORE = "score, from each pair’s min to max"
_INSERTION = ("Insertion: higher is better", "pixels pasted onto the canvas, %")
_DELETION = ("Deletion: lower is better", "pixels blanked, %")
_CONTROL_DASHES = {"centre": "--", "random": ":"}


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
    names = ", ".join(maps_name(curves.generator, curves.mode) for curves in shown)
    return picture(partial(_two_panels, shown), f"Mean insertion and deletion curves of {names}")


def _two_panels(shown: Sequence[CurveSet], palette: Palette) -> Figure:
    figure, (insertion, deletion) = new_figure(palette, 10.6, 3.7, 2)
    for number, curves in enumerate(shown):
        colour = palette.series[number % len(palette.series)]
        name = maps_name(curves.generator, curves.mode)
        _draw(insertion, curves, True, name, colour)
        _draw(deletion, curves, False, name, colour)
    for panel, (name, pixels) in ((insertion, _INSERTION), (deletion, _DELETION)):
        title(panel, name, palette)
        axis_names(panel, pixels, _SCORE, palette)
        _limit(panel)
    insertion.legend(frameon=False, fontsize=9, loc="lower right", labelcolor=palette.ink)
    return figure


def _panels(shown: Sequence[CurveSet], is_insertion: bool) -> Picture:
    names = ", ".join(generator_name(generator) for generator in _generators(shown))
    kind = "insertion" if is_insertion else "deletion"
    return picture(partial(_panel_each, shown, is_insertion), f"Mean {kind} curves of {names}, beside the controls")


def _panel_each(shown: Sequence[CurveSet], is_insertion: bool, palette: Palette) -> Figure:
    controls = [curves for curves in shown if is_control(curves.generator)]
    generators = _generators(shown)
    across = min(_PANELS_ACROSS, len(generators))
    rows = -(-len(generators) // across)
    figure, grid = new_grid(palette, 10.6, 2.6 * rows + 0.5, (rows, across))
    heading, pixels = _INSERTION if is_insertion else _DELETION
    figure.suptitle(heading, x=0.01, ha="left", fontsize=11, fontweight="bold", color=palette.ink)
    # Grey is for the controls. No generator has as many modes.
    mode_colours = [colour for colour in palette.series if colour != palette.faint]
    for number, panel in enumerate(grid):
        if number >= len(generators):
            panel.set_visible(False)
            continue
        for curves in controls:
            name = generator_name(curves.generator)
            _draw(panel, curves, is_insertion, name, palette.faint, _CONTROL_DASHES.get(curves.generator, "-."))
        own = [curves for curves in shown if curves.generator == generators[number]]
        for colour, curves in zip(mode_colours, own, strict=False):
            _draw(panel, curves, is_insertion, curves.mode, colour)
        title(panel, generator_name(generators[number]), palette)
        is_lowest, is_left = number + across >= len(generators), number % across == 0
        axis_names(panel, pixels if is_lowest else "", "score, min to max" if is_left else "", palette)
        _limit(panel)
        panel.legend(
            frameon=False,
            fontsize=7,
            loc="lower right" if is_insertion else "upper right",
            labelcolor=palette.ink,
        )
    return figure


def _generators(shown: Sequence[CurveSet]) -> list[str]:
    return list(dict.fromkeys(curves.generator for curves in shown if not is_control(curves.generator)))


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
