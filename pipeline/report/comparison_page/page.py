"""The page: what differs, both models' figures, changed answers, agreement of maps, and both galleries side by side.

One file without script; nothing is fetched, and every value is escaped where it is put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup

from pipeline.report.answer_text import AnswerText, answer_text
from pipeline.report.comparison_page import wording
from pipeline.report.comparison_page.evidence import Comparison, ShownPair, ShownSide
from pipeline.report.environment import page_environment
from pipeline.report.generator_names import maps_name
from pipeline.report.number_text import PERCENT, number_text
from pipeline.report.overlays import image_uri, legend_gradient, overlay_uri
from pipeline.report.template_files import style_sheet

TRANSITIONS_SHOWN = 30


@dataclass(frozen=True)
class _SideView:
    similarity: str
    overlay: str | None
    answer: AnswerText | None


@dataclass(frozen=True)
class _PairView:
    pair: ShownPair
    query: str
    reference: str
    sides: tuple[_SideView, _SideView]


def render_comparison(comparison: Comparison, pairs: Sequence[ShownPair]) -> bytes:
    """Return the page as UTF-8 HTML.

    Args:
        comparison: of the two models.
        pairs: that are shown, in their order.
    """
    environment = page_environment(_text)
    transitions = comparison.changes.transitions if comparison.changes is not None else ()
    page = environment.get_template("comparison.html").render(
        comparison=comparison,
        sentence=_sentence(comparison),
        words=wording,
        maps_name=maps_name,
        transitions=transitions[:TRANSITIONS_SHOWN],
        further=sum(one.pairs for one in transitions[TRANSITIONS_SHOWN:]),
        pairs=[_pair_view(pair) for pair in pairs],
        gradient=legend_gradient(),
        # The only text that is not escaped: a file of this package.
        styles=Markup(style_sheet(_text("comparison.css"))),  # noqa: S704
    )
    return page.encode("utf-8")


def _text(name: str) -> str:
    return files("pipeline.report.comparison_page").joinpath("templates", name).read_text(encoding="utf-8")


def _sentence(comparison: Comparison) -> str:
    told = [figure for figure in comparison.figures if wording.is_told(figure)]
    figures = f"{len(told)} of {len(comparison.figures)} figures differ (p < 0.05, corrected for all of them)"
    if comparison.changes is None:
        return f"On {comparison.shared:,} pairs that both explain, {figures}."
    changed = number_text(comparison.changes.changed.value, PERCENT, 0)
    return f"On {comparison.shared:,} pairs that both explain, {changed} % of the answers change, and {figures}."


def _pair_view(pair: ShownPair) -> _PairView:
    return _PairView(
        pair,
        image_uri(pair.first.image),
        image_uri(pair.reference_image),
        (_side_view(pair.first), _side_view(pair.second)),
    )


def _side_view(side: ShownSide) -> _SideView:
    overlay = None if side.map_yx is None else overlay_uri(side.image, side.map_yx)
    answer = None if side.answer is None else answer_text(dict(side.answer))
    return _SideView(number_text(side.similarity, decimals=3), overlay, answer)
