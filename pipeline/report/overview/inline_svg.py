"""Charts of Vega-Lite as SVG inside a page: the page's colours and letters, and words for screen readers.

Colours of a specification are stand-ins, which become the page's CSS variables here, so that one drawing serves light
and dark pages.
"""

import html
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

import vl_convert

# Stand-in to the CSS variable that takes its place; no chart uses these colours for anything else.
COLOURS: Final = {
    "#010101": "var(--ink)",
    "#010102": "var(--faint)",
    "#010103": "var(--grid)",
    "#010104": "var(--accent)",
    "#010105": "var(--pale)",
}
INK, FAINT, GRID, ACCENT, PALE = COLOURS
_PAINTED: Final = ("fill", "stroke")
_DROPPED: Final = ("role", "class", "pointer-events", "font-family")


@dataclass(frozen=True)
class ChartWords:
    """What a chart says to who cannot see it.

    Attributes:
        name: of the chart in its page, of letters, digits and dashes.
        title: in a few words.
        description: what it shows, with its main figures.
    """

    name: str
    title: str
    description: str


def inline_svg(specification: dict[str, Any], words: ChartWords) -> str:
    """Return an `<svg>` element: equal specifications and words give equal text.

    Args:
        specification: of Vega-Lite, data included; its colours are keys of `COLOURS`.
        words: the element's title and description.

    Raises:
        ValueError: the specification is none of Vega-Lite's.
    """
    drawn = ElementTree.fromstring(vl_convert.vegalite_to_svg(specification))
    parts = "".join(_markup(child) for child in drawn)
    name, view = html.escape(words.name), html.escape(drawn.attrib["viewBox"])
    width, height = html.escape(drawn.attrib["width"]), html.escape(drawn.attrib["height"])
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-words" '
        f'width="{width}" height="{height}" viewBox="{view}">'
        f'<title id="{name}-title">{html.escape(words.title)}</title>'
        f'<desc id="{name}-words">{html.escape(words.description)}</desc>{parts}</svg>'
    )


def _markup(element: ElementTree.Element) -> str:
    """Return an element without its namespace, unseen parts and Vega's own roles; colours become variables."""
    if element.attrib.get("display") == "none":
        return ""
    tag = element.tag.rpartition("}")[2]
    kept = {
        key.rpartition("}")[2]: COLOURS.get(value, value) if key in _PAINTED else value
        for key, value in element.attrib.items()
        if key not in _DROPPED and not key.startswith("aria-")
    }
    attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())
    inner = html.escape(element.text or "") + "".join(_markup(child) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"
