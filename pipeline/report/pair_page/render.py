"""The page of a pair as HTML. Every value is escaped as it is put in; equal evidence gives equal bytes."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from pipeline.report.answer_checks import change_words
from pipeline.report.answer_text import answer_text, sentence, set_text
from pipeline.report.environment import page_environment
from pipeline.report.file_names import EVIDENCE, PROVENANCE
from pipeline.report.how_sure import RULE, UNSURE, HowSure, how_sure
from pipeline.report.number_text import number_text
from pipeline.report.overlays import legend_gradient
from pipeline.report.pair_page import curves
from pipeline.report.pair_page.assets import TEMPLATE, pair_page_assets, pair_page_text
from pipeline.report.pair_page.evidence import PageImage, PageMap, PairPage, Replaced
from pipeline.report.pair_page.knowledge import pair_knowledge
from pipeline.report.pair_page.map_caution import map_cautions
from pipeline.report.pair_page.paths import SCRIPT, STYLE_SHEET, TO_ROOT
from pipeline.report.pair_page.ranking import other_firsts, page_ranking
from pipeline.report.pair_page.regions import page_regions
from pipeline.report.table_row import TableRow
from pipeline.report.variant_names import people_name

_UNLIKE = (
    "The model scores these two images at or below 0, as unrelated ones: there is hardly a match to explain. The pair "
    "was chosen by the dataset, not by the model."
)


@lru_cache(maxsize=1)
def _compiled() -> Template:
    """Return the template; compiling it takes as long as ten pages, and a run has thousands of groups of them."""
    environment = page_environment(pair_page_text)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals["number"] = number_text
    environment.globals["drawn"] = curves
    return environment.get_template(TEMPLATE)


class PairPageRenderer:
    """Renders pages."""

    def __init__(self) -> None:
        self._template = _compiled()
        self._gradient = legend_gradient()

    def linked(self, page: PairPage) -> bytes:
        """Return a page of the report's folder, which finds style and script beside it."""
        files = {"style_href": TO_ROOT + STYLE_SHEET, "script_href": TO_ROOT + SCRIPT, "style": None, "script": None}
        return self._render(page, files)

    def alone(self, page: PairPage) -> bytes:
        """Return a page that holds its style and script, for a file of its own."""
        # The only texts that are not escaped: files of this package.
        assets = pair_page_assets()
        style, script = (Markup(assets[path].decode("utf-8")) for path in (STYLE_SHEET, SCRIPT))  # noqa: S704
        return self._render(page, {"style_href": None, "script_href": None, "style": style, "script": script})

    def _render(self, page: PairPage, files: Mapping[str, Any]) -> bytes:
        answer = page.answer
        sure = None if answer is None else how_sure(answer, pair_knowledge(page))
        variant = None if answer is None else str(answer["variant"])
        text = self._template.render(
            page=page,
            headline="No answer was made for this pair" if sure is None else sure.heading,
            details="" if answer is None else sentence(answer_text(answer).details),
            sure=sure,
            sure_class=_css_class(sure),
            rule=RULE,
            cautions=map_cautions(page.maps),
            unlike=_unlike_words(page.similarity, sure),
            smallest="" if answer is None else set_text(answer, page.answer_set),
            similarity=number_text(page.similarity, decimals=3),
            boxes={"query": _box(page.query), "reference": _box(page.reference)},
            is_cut=any(_is_cut(image) for image in (page.query, page.reference)),
            alternatives=[map_words(one, page.query.name) for one in page.maps],
            reference_words=None if page.reference_map is None else map_words(page.reference_map, page.reference.name),
            regions=page_regions(page.parts),
            ranking=page_ranking(page.attributes, None if answer is None else answer["attribute"]),
            variant="" if variant is None else people_name(variant),
            others=other_firsts(page.firsts, variant),
            controls=other_firsts(page.firsts, variant, are_controls=True),
            curves=curves.curve_drawing(page.maps),
            replaced_words=None if page.replaced is None else _replaced_words(page.replaced),
            outcome_words=None
            if page.outcome is None
            else outcome_words(page.outcome, page.answer is not None and page.answer["attribute"] is not None),
            gradient=self._gradient,
            evidence=f"{TO_ROOT}{EVIDENCE}#{PROVENANCE}" if page.links.top else "",
            **files,
        )
        return text.encode("utf-8")


def _unlike_words(similarity: float | None, sure: HowSure | None) -> str:
    """Return that there is hardly a match; nothing where the reason of how sure the answer is says it."""
    is_told = sure is not None and sure.level == UNSURE and bool(sure.checks)
    return _UNLIKE if similarity is not None and similarity <= 0 and not is_told else ""


def map_words(shown: PageMap, image: str) -> str:
    """Return what a map shows, for people who cannot see it."""
    if shown.source is None:
        return f"{shown.name} map of {image}: flat, no place matters more than another"
    return f"{shown.name} map of {image}: {'; '.join(filter(None, (shown.shows, f'brightest {shown.bright}')))}"


def outcome_words(outcome: TableRow, is_answered: bool) -> str:
    """Return what is true of a pair, and what that makes of its answer.

    Args:
        outcome: a row of `audit_outcomes`: of the answer, or of the attribute that would lead where none is named.
        is_answered: an attribute was named; else "no attribute explains this match" is the answer.
    """
    effect, best, named = outcome["effect"], outcome["best_effect"], outcome["attribute"]
    if best is None:
        return "None of the query's attributes can be changed here, so nothing is known of the truth."
    most = number_text(best, decimals=3)
    if not outcome["eligible"]:
        verdict = "The answer is wrong" if is_answered else "The answer is right"
        return f"{verdict}: changing any attribute lowers the similarity by {most} at most, as noise does."
    if named is None or effect is None:
        return f"Nothing was named, though one attribute lowers the similarity by {most}."
    losses = (
        f"without {named} the similarity falls by {number_text(effect, decimals=3)}, without the attribute that truly "
        f"matters most by {most}"
    )
    if not is_answered:
        return f"The answer is too careful: {losses}."
    regret = number_text(max(best - effect, 0.0), decimals=3)
    return f"{'The answer is right' if outcome['hit'] else 'The answer is wrong'}: {losses}; the regret is {regret}."


def _replaced_words(replaced: Replaced) -> str:
    name = replaced.attribute
    if replaced.effect is None:
        return f"No image was found that is like the query but lacks {name}."
    words = (
        f"With images in the query’s place that are like it but lack {name}, the similarity "
        f"{change_words(replaced.effect)} on average."
    )
    if replaced.matched_effect is None:
        return f"{words} No images that are as different but keep it were found to compare with."
    judged = "" if replaced.matched_effect < 0 else ": these images do not support that the match rests on it"
    return (
        f"{words} Any change of the query may do so. What counts is therefore the difference from images that are as "
        f"different from the query but keep {name}: compared with these, the similarity without it "
        f"{change_words(replaced.matched_effect)}{judged}."
    )


def _css_class(sure: HowSure | None) -> str:
    return "" if sure is None else sure.level.split()[0]


def _is_cut(image: PageImage) -> bool:
    """Return whether the model sees less than all of an image, by more than a pixel of it."""
    width, height = image.size_px
    seen = image.seen
    outside = (seen.left, seen.top, width - seen.left - seen.width, height - seen.top - seen.height)
    return max(outside) > 1


def _box(image: PageImage) -> str:
    """Return where the model's view lies on an image, as CSS."""
    width, height = image.size_px
    seen = image.seen
    places = {
        "left": seen.left / width,
        "top": seen.top / height,
        "width": seen.width / width,
        "height": seen.height / height,
    }
    return ";".join(f"{name}:{100 * value:.3f}%" for name, value in places.items())
