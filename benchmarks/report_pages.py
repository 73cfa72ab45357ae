"""Made-up pages of pairs for `benchmarks.report_size`: as much on each as a run with all stages shows."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.datasets.fitting import CoveredBox
from pipeline.randomness import keyed_rng
from pipeline.report.both_sides import MatchPart
from pipeline.report.file_names import SITE
from pipeline.report.map_words import place_words
from pipeline.report.pair_page.assets import pair_page_assets
from pipeline.report.pair_page.evidence import (
    OtherPair,
    PageAttribute,
    PageImage,
    PageLinks,
    PageMap,
    PairPage,
    Replaced,
    SmallImage,
)
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.paths import TO_ROOT, image_path, map_path, page_path, small_image_path
from pipeline.report.pair_page.photographs import SMALL_PX, jpeg_file, small
from pipeline.report.pair_page.render import PairPageRenderer
from pipeline.report.pair_table import PairTable

GENERATORS = ("rise-fixed", "answer", "random-fixed", "centre-fixed")
CELLS, PARTS, CURVE_STEPS, RANKED, OTHERS, REPLACEMENTS = 14, 2, 100, 25, 4, 5


def page_files(
    pairs: PairTable, pictures: dict[str, npt.NDArray[np.uint8]], maps_pyx: list[npt.NDArray[np.float32]]
) -> Iterator[tuple[str, bytes]]:
    """Give (path, bytes) of all pages, their maps and images, and what they share.

    Args:
        pairs: all of them.
        pictures: uint8 (y, x, 3) by image id.
        maps_pyx: of which the maps of each pair are taken in turn.
    """
    yield from pair_page_assets().items()
    for image_id, picture_hwc in pictures.items():
        yield image_path(image_id, True), jpeg_file(picture_hwc)
        yield small_image_path(image_id, True), jpeg_file(small(picture_hwc, SMALL_PX))
    made = _Pages(pairs, pictures, maps_pyx)
    for row in range(len(pairs)):
        yield from made.files(row)


class _Pages:
    """Makes the files of one pair after the other."""

    def __init__(
        self, pairs: PairTable, pictures: dict[str, npt.NDArray[np.uint8]], maps_pyx: list[npt.NDArray[np.float32]]
    ) -> None:
        self._pairs, self._pictures, self._maps = pairs, pictures, maps_pyx
        self._painter, self._renderer = MapPainter(), PairPageRenderer()

    def files(self, row: int) -> Iterator[tuple[str, bytes]]:
        """Give the page of a pair and its maps."""
        pair_id = self._pairs.pair_ids[row]
        rng = keyed_rng(0, "report pages", row)
        shown = []
        for place, name in enumerate((*GENERATORS, "reference")):
            map_yx = self._maps[(row + place) % len(self._maps)]
            picture = self._painter.png(map_yx)
            assert picture is not None
            yield map_path(pair_id, name), picture
            shown.append(self._map(name, TO_ROOT + map_path(pair_id, name), map_yx, rng))
        page = self._page(row, shown, rng)
        yield page_path(pair_id), self._renderer.linked(page)

    def _map(self, name: str, source: str, map_yx: npt.NDArray[np.float32], rng: np.random.Generator) -> PageMap:
        insertion_t, deletion_t = np.sort(rng.uniform(size=(2, CURVE_STEPS + 1)), axis=1)
        return PageMap(name, False, source, place_words(map_yx), 0.8, 0.3, insertion_t, deletion_t[::-1])

    def _page(self, row: int, maps: list[PageMap], rng: np.random.Generator) -> PairPage:
        pairs = self._pairs
        answer = pairs.answers[row]
        attributes = [PageAttribute(f"attribute:{n}", 1 / (n + 1), n < 5, 0.5, 0.4, 0.3) for n in range(RANKED)]
        before, after = (TO_ROOT + page_path(pairs.pair_ids[(row + step) % len(pairs)]) for step in (-1, 1))
        regions = rng.uniform(size=(PARTS, 2, CELLS, CELLS))
        replaced = [self._small(pairs.references[(row + n) % len(pairs)]) for n in range(2 * REPLACEMENTS)]
        return PairPage(
            query=self._image(pairs.queries[row]),
            reference=self._image(pairs.references[row]),
            similarity=float(pairs.similarity_p[row]),
            condition=None,
            answer=None if answer is None else {**_ANSWER, **answer},
            maps=maps[:-1],
            reference_map=maps[-1],
            parts=[MatchPart(query_hw, reference_hw, 0.5, 0.1, None) for query_hw, reference_hw in regions],
            attributes=attributes,
            firsts={f"variant {n}": f"attribute:{n % 4}" for n in range(12)},
            replaced=Replaced("attribute:0", -0.2, -0.1, replaced[:REPLACEMENTS], replaced[REPLACEMENTS:]),
            links=PageLinks(
                [(words, TO_ROOT + path) for words, path in SITE],
                before,
                after,
                [self._other((row + step) % len(pairs)) for step in range(1, OTHERS + 1)],
            ),
        )

    def _image(self, image_id: str) -> PageImage:
        height, width, _ = self._pictures[image_id].shape
        seen = CoveredBox(0.0, 0.0, float(width), float(height))
        return PageImage(image_id, "label", TO_ROOT + image_path(image_id, True), (width, height), seen)

    def _small(self, image_id: str) -> SmallImage:
        return SmallImage(image_id, TO_ROOT + small_image_path(image_id, True))

    def _other(self, row: int) -> OtherPair:
        pairs = self._pairs
        href = TO_ROOT + page_path(pairs.pair_ids[row])
        return OtherPair(href, self._small(pairs.references[row]), float(pairs.similarity_p[row]), "attribute:0")


_ANSWER = {
    "leading_attribute": "attribute:0",
    "reason": "no_effect",
    "told_by": "pair",
    "variant": "embedding_effect",
    "p_value": 0.01,
    "probability_of": None,
    "group_name": None,
    "candidates": 5,
    "is_ground_truth": True,
}
