"""Made-up pairs for pages, with pictures inside, so that a page needs no file."""

from typing import Any

import numpy as np

from pipeline.datasets.fitting import CoveredBox
from pipeline.report.both_sides import MatchPart
from pipeline.report.figures import data_uri
from pipeline.report.pair_page.evidence import (
    OtherPair,
    PageAttribute,
    PageImage,
    PageLinks,
    PageMap,
    PairPage,
    Replaced,
    ReversePair,
    SmallImage,
)
from pipeline.report.pair_page.map_picture import MapPainter
from pipeline.report.pair_page.photographs import png_file

HOSTILE = "<script>alert(1)</script> \"quoted\" 'so' & </script> é中"
ANSWER: dict[str, Any] = {
    "attribute": "part:pocket",
    "leading_attribute": "part:pocket",
    "reason": None,
    "told_by": "pair",
    "variant": "embedding_effect",
    "effect": 0.123,
    "effect_low": 0.1,
    "effect_high": 0.15,
    "p_value": 0.01,
    "agreement": 0.98,
    "probability": 0.83,
    "probability_of": "largest_true_effect",
    "group_name": None,
    "presence": "labels",
    "candidates": 5,
    "is_ground_truth": True,
}
NO_ANSWER = {**ANSWER, "attribute": None, "reason": "no_effect", "told_by": None, "p_value": 0.4}
SET = {"attributes": ["part:pocket", "body_colour:red"], "size": 2, "candidates": 5, "share": 0.8}
OUTCOME = {"attribute": "part:pocket", "effect": 0.1, "best_effect": 0.25, "eligible": True, "hit": False}


def photo(width: int = 60, height: int = 40) -> str:
    """Return a picture as a data URI."""
    pixels_hwc = np.random.default_rng([width, height]).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return data_uri(png_file(pixels_hwc), "image/png")


def make_map(name: str, bright: tuple[int, int], curves: bool = True) -> PageMap:
    """Return a map that is bright at one place of 8 x 8."""
    map_yx = np.zeros((8, 8))
    map_yx[bright] = 1.0
    picture = MapPainter().png(map_yx)
    assert picture is not None
    steps = np.linspace(0, 1, 101)
    measured = (0.81, 0.32, steps**0.5, 1 - steps**0.5) if curves else ()
    return PageMap(name, name == "random", data_uri(picture, "image/png"), "at the top left", *measured)


def make_part(cells: slice, share: float, attribute: str | None) -> MatchPart:
    """Return a part whose regions are some columns of the query and the same rows of the reference."""
    query_hw, reference_hw = np.zeros((6, 6)), np.zeros((6, 6))
    query_hw[:, cells], reference_hw[cells] = 1.0, 1.0
    return MatchPart(query_hw, reference_hw, share, 0.08, attribute)


def make_page(name: str = "test_00001", attribute: str = "part:pocket", **changes: Any) -> PairPage:
    """Return a pair with everything that a page can show; `name` and `attribute` stand wherever such texts do."""
    small = SmallImage(name, photo(16, 16))
    values: dict[str, Any] = {
        "query": PageImage(name, name, photo(), (60, 40), CoveredBox(10, 0, 40, 40), (attribute,)),
        "reference": PageImage(name + "b", name, photo(40, 60), (40, 60), CoveredBox(-10, 0, 60, 60)),
        "similarity": 0.75,
        "condition": name,
        "answer": {**ANSWER, "attribute": attribute, "leading_attribute": attribute},
        "answer_set": {**SET, "attributes": [attribute, "other"]},
        "maps": [make_map("RISE", (1, 1)), make_map("random", (6, 6)), make_map("centre blob", (4, 4), curves=False)],
        "reference_map": make_map("RISE", (2, 2)),
        "parts": [make_part(slice(0, 3), 0.7, attribute), make_part(slice(3, 6), 0.3, None)],
        "attributes": [
            PageAttribute(attribute, 0.123, True, 0.5, 0.25, 1.0, true_effect=0.1),
            PageAttribute("other", 0.05, False, 0.1, 0.2, 0.3, true_effect=0.25),
        ],
        "firsts": {"embedding_effect": attribute, "random": attribute, "sane+match": "other", name: attribute},
        "replaced": Replaced(attribute, -0.2, -0.1, [small, small], [small]),
        "outcome": {**OUTCOME, "attribute": attribute},
        "notes": [name],
        "links": PageLinks(
            [("Overview", "index.html"), ("Gallery", "gallery.html")],
            "before.html",
            "after.html",
            [OtherPair("other.html", small, 0.5, attribute)],
            ReversePair("reverse.html", "other:attribute"),
        ),
    }
    return PairPage(**{**values, **changes})
