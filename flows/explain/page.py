"""The page of an explanation: one HTML file with pictures, style and script inside."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.report.figures import data_uri
from pipeline.report.generator_names import is_control, maps_name
from pipeline.report.map_words import place_words
from pipeline.report.pair_page.evidence import PageAttribute, PageImage, PageMap, PairPage, Replaced
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.photographs import jpeg_file
from pipeline.report.pair_page.render import PairPageRenderer
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.declaration import RISE

if TYPE_CHECKING:
    from flows.explain.explanation import ExplainedImage, Explanation


def explanation_page(explanation: "Explanation") -> bytes:
    """Return one direction of an explanation as a page that needs no other file; whatever is named is escaped."""
    painter = MapPainter()
    page = PairPage(
        query=_image(explanation.query),
        reference=_image(explanation.reference),
        similarity=explanation.similarity,
        condition=explanation.condition,
        answer=explanation.answer,
        maps=[_map(explanation.query_map, explanation.generator, explanation.mode, painter)],
        reference_map=_map(explanation.reference_map, RISE.name, FIXED, painter),
        parts=explanation.parts,
        attributes=page_attributes(explanation),
        replaced=_replaced(explanation),
        notes=explanation.notes,
    )
    return PairPageRenderer().alone(page)


def page_attributes(explanation: "Explanation") -> list[PageAttribute]:
    """Return the ranked attributes as a page shows them; without labels of the query it is not known which it has."""
    return [
        PageAttribute(
            one.attribute,
            one.score,
            one.is_labelled if explanation.query.labels else None,
            effect=one.effect,
            effect_low=one.effect_low,
            effect_high=one.effect_high,
            presence=one.presence,
        )
        for one in explanation.attributes
    ]


def _replaced(explanation: "Explanation") -> Replaced | None:
    """Return the test that the run has made, without the images: these are on the report's page of the pair."""
    tested, attribute = explanation.replaced, explanation.answer["leading_attribute"]
    return None if tested is None else Replaced(str(attribute), tested.effect, tested.matched_effect)


def _image(image: "ExplainedImage") -> PageImage:
    shown = image.shown
    source = data_uri(jpeg_file(shown.pixels_hwc), "image/jpeg")
    return PageImage(image.name, image.type, source, shown.size_px, shown.seen_box, image.labels)


def _map(map_yx: np.ndarray, generator: str, mode: str, painter: MapPainter) -> PageMap:
    picture = painter.png(map_yx)
    source = None if picture is None else data_uri(picture, "image/png")
    return PageMap(maps_name(generator, mode), is_control(generator), source, place_words(map_yx))
