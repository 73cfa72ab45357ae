"""Generators by name."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.controls import build_centre, build_random
from pipeline.saliency.methods import GENERATOR_NAMES, build_generator
from pipeline.saliency.rise import RiseSpec, build_rise
from tests.pipeline.saliency.small_models import SIZE_PX, random_pixels, small_scorer

SPEC = RiseSpec(masks=20, seed=7)


def request_for_two() -> SaliencyRequest:
    pixels = random_pixels(3)
    return SaliencyRequest("query", pixels[0], small_scorer().embed(pixels[1:]))


@pytest.mark.parametrize("name", GENERATOR_NAMES)
def test_every_generator_keeps_the_contract(name: str) -> None:
    maps = build_generator(name, SPEC, small_scorer(), SIZE_PX)(request_for_two())
    assert maps.shape == (2, SIZE_PX, SIZE_PX)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert maps.std() > 0


def test_names_lead_to_their_generators() -> None:
    request, scorer = request_for_two(), small_scorer()
    expected = {
        "rise": build_rise(SPEC, scorer, SIZE_PX)(request),
        "random": build_random(SPEC.seed)(request),
        "centre": build_centre()(request),
    }
    assert set(expected) == set(GENERATOR_NAMES)
    for name, maps in expected.items():
        np.testing.assert_array_equal(build_generator(name, SPEC, scorer, SIZE_PX)(request), maps)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadSetting, match=r"(?s)rise, random, centre.*'rize'.*saliency.generators"):
        build_generator("rize", SPEC, small_scorer(), SIZE_PX)
