"""Which pairs the gallery shows, and that every picture stands in its place."""

import base64
import io

import numpy as np
from PIL import Image

from pipeline.report.gallery import choose_gallery, make_gallery
from pipeline.report.overlays import image_uri, overlay_uri
from tests.pipeline.report.report_cases import make_gallery_pairs

PAIRS = [{"pair_id": f"p{n}", "query": f"q{n // 3}"} for n in range(30)]
LABELS = {f"q{n}": "abc"[n % 3] for n in range(10)}
GENERATORS = [("rise", "fixed"), ("rise", "both"), ("mask", "fixed"), ("centre", "fixed")]


def test_two_pairs_of_three_queries_whatever_their_order() -> None:
    chosen = choose_gallery(PAIRS, LABELS, seed=4)
    queries = [pair["query"] for pair in chosen]
    assert queries == [query for query in dict.fromkeys(queries) for _ in range(2)]
    assert len(set(queries)) == 3
    assert len({LABELS[query] for query in queries}) == 3
    assert len({pair["pair_id"] for pair in chosen}) == 6
    assert choose_gallery(PAIRS[::-1], LABELS, seed=4) == chosen
    assert choose_gallery(PAIRS, LABELS, seed=5) != chosen


def test_queries_with_two_pairs_come_first() -> None:
    single = [pair for pair in PAIRS if pair["pair_id"] in {"p0", "p3", "p6", "p9", "p12", "p15"}]
    chosen = choose_gallery([*single, *PAIRS[25:27], *PAIRS[27:]], LABELS, seed=4)
    assert [pair["query"] for pair in chosen[:4]] in (["q8"] * 2 + ["q9"] * 2, ["q9"] * 2 + ["q8"] * 2)
    assert len(chosen) == 5


def test_few_pairs_are_all_shown() -> None:
    assert len(choose_gallery(PAIRS[:4], LABELS, seed=4)) == 3
    assert choose_gallery([], LABELS, seed=4) == []


def test_every_generator_has_a_line_and_every_pair_a_column() -> None:
    pairs = make_gallery_pairs(GENERATORS, n_pairs=3, missing={(1, "mask", "fixed")})
    gallery = make_gallery(pairs, GENERATORS)
    assert gallery is not None
    assert gallery.captions == ("similarity 0.500", "similarity 0.510", "similarity 0.520")
    named = [(line.name, line.note) for line in gallery.lines]
    assert named[:4] == [("query", ""), ("reference", ""), ("RISE", "fixed"), ("RISE", "both")]
    assert gallery.lines[1].pictures[2] == image_uri(pairs[2].reference_image, 128)
    both = overlay_uri(pairs[2].query_image, pairs[2].maps["rise", "both"], 128)
    assert gallery.lines[3].pictures[2] == both
    assert [picture is None for picture in gallery.lines[4].pictures] == [False, True, False]
    assert len({picture for line in gallery.lines for picture in line.pictures if picture}) == 3 * 6 - 1


def test_pictures_are_small() -> None:
    gallery = make_gallery(make_gallery_pairs(GENERATORS), GENERATORS)
    assert gallery is not None
    picture = gallery.lines[2].pictures[0]
    assert picture is not None
    assert Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))).size == (128, 128)


def test_one_generator_makes_no_gallery() -> None:
    assert make_gallery(make_gallery_pairs([("rise", "fixed")]), GENERATORS) is None
    assert make_gallery([], GENERATORS) is None


def test_a_flat_map_is_no_picture() -> None:
    pairs = make_gallery_pairs(GENERATORS, n_pairs=1)
    pairs[0].maps["rise", "both"][:] = np.float32(0.5)
    gallery = make_gallery(pairs, GENERATORS)
    assert gallery is not None
    assert gallery.lines[3].pictures == (None,)
