"""How likely each attribute was the best explanation of held-out pairs: v1 Fig. 7, ECCV supplement Fig. 6."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.figures.paper_figure import PaperFigure
from pipeline.figures.sheet import PAGE_WIDTH_IN
from pipeline.figures.words import FAMILY, drawable, width_in
from pipeline.report.figures import LIGHT, axis_names, literal_text, new_grid, title
from pipeline.report.number_text import count_text, number_text

MOST_ATTRIBUTES: Final = 85
_NAMES: Final = {"count": "share of votes on held-out pairs", "tcav": "concept vectors that pull pairs together"}
_PANEL_IN, _LARGEST_PT, _LEAST_PT = 1.6, 7.0, 4.5


def prior_figure(rows: Sequence[Mapping[str, Any]]) -> PaperFigure:
    """Return the priors as bars, a panel each, attributes from the likeliest to the least likely.

    A prior that tells no attribute from another has no panel beside one that does: the caption says so.

    Args:
        rows: of the table `prior`; at least one with a value.
    """
    known = [kind for kind in dict.fromkeys(row["kind"] for row in rows) if _values(rows, kind)]
    kinds = [kind for kind in known if not _is_flat(rows, kind)] or known
    shown = {kind: _values(rows, kind)[:MOST_ATTRIBUTES] for kind in kinds}
    size_pt = {kind: min(_LARGEST_PT, max(_LEAST_PT, 340 / len(values))) for kind, values in shown.items()}
    names_in = {
        kind: max(width_in(drawable(name), size_pt[kind]) for name, _ in values) for kind, values in shown.items()
    }
    height_in = sum(_PANEL_IN + 0.4 + length for length in names_in.values())
    figure, panels = new_grid(LIGHT, PAGE_WIDTH_IN, height_in, (len(kinds), 1))
    for panel, (kind, values) in zip(panels, shown.items(), strict=True):
        places = range(len(values))
        panel.bar(places, [100 * value for _, value in values], width=0.75, color=LIGHT.series[0])
        panel.axhline(100 / len(_values(rows, kind)), color=LIGHT.series[1], linewidth=1, linestyle="--")
        labels = [literal_text(drawable(name)) for name, _ in values]
        panel.set_xticks(list(places), labels, rotation=90, fontsize=size_pt[kind], family=FAMILY, color=LIGHT.ink)
        panel.set_xlim(-0.7, len(values) - 0.3)
        panel.grid(False, axis="x")
        panel.tick_params(axis="x", length=0)
        axis_names(panel, "", "likelihood, %", LIGHT)
        if len(kinds) > 1:
            title(panel, _NAMES.get(kind, kind), LIGHT)
    return PaperFigure(figure, _caption(rows, kinds, [kind for kind in known if kind not in kinds]))


def _values(rows: Sequence[Mapping[str, Any]], kind: str) -> list[tuple[str, float]]:
    """Return names and values of one prior, the largest first, equal ones by name."""
    found = [(str(row["attribute"]), float(row["value"])) for row in rows if _has_value(row, kind)]
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _is_flat(rows: Sequence[Mapping[str, Any]], kind: str) -> bool:
    """Return whether all attributes are equally likely, but for float rounding."""
    values = [value for _, value in _values(rows, kind)]
    return values[0] - values[-1] <= 1e-9 * values[0]


def _has_value(row: Mapping[str, Any], kind: str) -> bool:
    return row["kind"] == kind and row["value"] is not None


def _caption(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str], flat: Sequence[str]) -> tuple[str, ...]:
    paragraphs = ["The prior: how likely each attribute is the best explanation of a pair."]
    for kind in kinds:
        values = _values(rows, kind)
        rest = values[MOST_ATTRIBUTES:]
        left_out = "all attributes are shown"
        if rest:
            share = number_text(sum(value for _, value in rest), 100.0, 1)
            left_out = f"the {count_text(MOST_ATTRIBUTES)} largest are shown; the others share {share} %"
        first = ", ".join(f"{name} {number_text(value, 100.0, 1)} %" for name, value in values[:5])
        paragraphs.append(
            f"{_begun(kind)}: {count_text(len(values))} attributes, "
            f"{left_out}. Largest: {first}. The dashed line is where all would be equally likely."
        )
    paragraphs += [f"{_begun(kind)}: all attributes are equally likely, so it has no panel." for kind in flat]
    paragraphs.append(
        "Votes are counted on one half of the validation queries; the weights of the terms come from the other half."
    )
    return tuple(paragraphs)


def _begun(kind: str) -> str:
    name = _NAMES.get(kind, kind)
    return name[0].upper() + name[1:]
