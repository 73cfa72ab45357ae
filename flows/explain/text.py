"""The explanation of one pair in words: the answer first, then attributes, regions and the similarity."""

import html

from flows.explain.explained_pair import ExplainedImage, ExplainedPair
from pipeline.report.answer_text import answer_text, sentence
from pipeline.report.both_sides import MatchPart, part_words
from pipeline.report.map_words import place_words, region_words
from pipeline.report.number_text import interval_text, number_text
from pipeline.report.overlays import picture_uri
from pipeline.report.variant_names import people_name

SHOWN_ATTRIBUTES = 8
FALLBACK_WIDTH = 9
# Of the similarity, without the attribute.
FALL = "expected fall"


def explanation_text(explanation: ExplainedPair) -> str:
    """Return one direction of an explanation as plain text."""
    said, sure = answer_text(explanation.answer), explanation.how_sure()
    lines = [f"{sure.heading}.", sure.line]
    lines += [sentence(said.details)] if said.details else []
    lines += list(explanation.notes)
    lines += [
        "",
        f"Attributes of the query, by {people_name(explanation.answer['variant'])}",
        *_attribute_lines(explanation),
    ]
    lines += ["", "Regions that go together", *_region_lines(explanation)]
    condition = f", compared as {explanation.condition}" if explanation.condition else ""
    lines += [
        "",
        f"Similarity {number_text(explanation.similarity, decimals=3)}{condition}",
        f"query      {_image_line(explanation.query)}",
        f"reference  {_image_line(explanation.reference)}",
    ]
    return "\n".join(lines)


def explanation_html(explanation: ExplainedPair, text: str) -> str:
    """Return the picture and a text as HTML without scripts; whatever a dataset names is escaped."""
    picture = picture_uri(explanation.picture())
    alternative = html.escape(f"{explanation.query.name} and {explanation.reference.name} with maps and parts")
    return (
        f'<figure><img src="{picture}" alt="{alternative}" style="max-width: 100%">'
        f"<figcaption><pre>{html.escape(text)}</pre></figcaption></figure>"
    )


def _attribute_lines(explanation: ExplainedPair) -> list[str]:
    shown = explanation.attributes[:SHOWN_ATTRIBUTES]
    if not shown:
        return ["  none may be named"]
    width = max(FALLBACK_WIDTH, *(len(one.attribute) for one in shown))
    lines = [f"  {'attribute':<{width}}  {FALL}  {'95 % interval':<17}  query has it"]
    for one in shown:
        has = "labelled" if one.is_labelled else f"{number_text(one.presence, 100.0, 0)} % likely"
        effect = number_text(one.effect, decimals=3)
        interval = interval_text(one.effect_low, one.effect_high, decimals=3)
        lines.append(f"  {one.attribute:<{width}}  {effect:>{len(FALL)}}  {interval:<17}  {has}")
    left = len(explanation.attributes) - len(shown)
    return [*lines, f"  and {left} more"] if left else lines


def _region_lines(explanation: ExplainedPair) -> list[str]:
    lines = [f"  {number}. {_part_line(part)}" for number, part in enumerate(explanation.parts, start=1)]
    places = [place_words(map_yx) for map_yx in (explanation.query_map, explanation.reference_map)]
    lines = lines or ["  none: no cells of the two images raise the score together"]
    return [*lines, f"  maps are brightest: query {places[0]}, reference {places[1]}"]


def _part_line(part: MatchPart) -> str:
    places = f"query {region_words(part.query_hw)} with reference {region_words(part.reference_hw)}"
    return f"{places}: {part_words(part)}"


def _image_line(image: ExplainedImage) -> str:
    where = "a file" if image.split is None else ", ".join(filter(None, (image.split, image.type)))
    return f"{image.name} ({where})"
