"""Control generators: alike for every reference, blind to the model."""

import numpy as np
import pytest

from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.controls.maps import build_blob, build_noise
from tests.pipeline.saliency.small_models import display_maps


def request_of(query_id: str, references: int = 3, height: int = 12, width: int = 20) -> SaliencyRequest:
    return SaliencyRequest(query_id, np.zeros((height, width, 3), np.uint8), np.eye(references, 4, dtype=np.float32))


def test_random_maps_depend_on_query_and_seed_alone() -> None:
    maps = display_maps(build_noise(1), request_of("a"))
    assert maps.shape == (3, 12, 20)
    assert maps.dtype == np.float32
    np.testing.assert_array_equal(maps, display_maps(build_noise(1), request_of("a")))
    np.testing.assert_array_equal(maps[:1], display_maps(build_noise(1), request_of("a", references=1)))
    assert (maps[0] == maps[1]).all()
    assert (maps != display_maps(build_noise(1), request_of("b"))).any()
    assert (maps != display_maps(build_noise(2), request_of("a"))).any()


def test_random_maps_are_uniform_noise() -> None:
    noise = display_maps(build_noise(0), request_of("a", references=1, height=64, width=64))
    assert noise.min() >= 0
    assert noise.max() < 1
    assert noise.mean() == pytest.approx(0.5, abs=0.03)
    assert noise.std() == pytest.approx(1 / np.sqrt(12), abs=0.02)


def test_centre_blob_falls_off_as_a_gaussian() -> None:
    maps = display_maps(build_blob(0.25), request_of("a", references=2, height=41, width=41))
    np.testing.assert_array_equal(maps[0], maps[1])
    blob = maps[0]
    np.testing.assert_allclose(blob, blob[::-1, ::-1], atol=1e-7)
    np.testing.assert_allclose(blob, blob.T, atol=1e-7)
    assert np.unravel_index(blob.argmax(), blob.shape) == (20, 20)
    assert blob[20, 20] == pytest.approx(1)
    # Ten pixels off the centre are 10 / 41 of the side.
    assert blob[20, 30] == pytest.approx(np.exp(-((10 / 41) ** 2) / (2 * 0.25**2)), rel=1e-5)


def test_centre_blob_takes_the_shape_of_the_image() -> None:
    blob = display_maps(build_blob(), request_of("a", references=1))[0]
    assert blob.shape == (12, 20)
    # Shares of the side, not pixels: the same share of height and width has the same value.
    assert blob[0, 9:11].mean() == pytest.approx(np.exp(-((11 / 24) ** 2 + 0.025**2) / 0.125), rel=1e-5)


def test_a_wider_blob_is_brighter_at_the_border() -> None:
    narrow, wide = (display_maps(build_blob(share), request_of("a"))[0, 0, 0] for share in (0.1, 0.5))
    assert narrow < wide


def test_no_reference_gives_no_map() -> None:
    assert display_maps(build_blob(), request_of("a", references=0)).shape == (0, 12, 20)
