"""The page of an explanation: one HTML file with pictures, style and script inside."""

import numpy as np

from flows.explain.explained_pair import ExplainedImage, ExplainedPair
from pipeline.report.figures import data_uri
from pipeline.report.generator_names import is_control, maps_name
from pipeline.report.map_words import place_words
from pipeline.report.pair_page.evidence import PageImage, PageMap, PairPage, Replaced
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.photographs import jpeg_file
from pipeline.report.pair_page.render import PairPageRenderer
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.declaration import RISE


def explanation_page(explanation: ExplainedPair) -> bytes:
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
        attributes=explanation.page_attributes(),
        replaced=_replaced(explanation),
        notes=explanation.notes,
    )
    return PairPageRenderer().alone(page)


def _replaced(explanation: ExplainedPair) -> Replaced | None:
    """Return the test that the run has made, without the images: these are on the report's page of the pair."""
    tested, attribute = explanation.replaced, explanation.answer["leading_attribute"]
    return None if tested is None else Replaced(str(attribute), tested.effect, tested.matched_effect)


def _image(image: ExplainedImage) -> PageImage:
    shown = image.shown
    source = data_uri(jpeg_file(shown.pixels_hwc), "image/jpeg")
    return PageImage(image.name, image.type, source, shown.size_px, shown.seen_box, image.labels)


def _map(map_yx: np.ndarray, generator: str, mode: str, painter: MapPainter) -> PageMap:
    picture = painter.png(map_yx)
    source = None if picture is None else data_uri(picture, "image/png")
    return PageMap(maps_name(generator, mode), is_control(generator), source, place_words(map_yx))
