"""Pictures of maps: colours from least to most, more cover where the map is higher, nothing for a flat map."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from pipeline.report.pair_page import map_picture
from tests.pipeline.evaluation.broken_copy import broken_copy


def drawn(tested, map_yx: np.ndarray) -> np.ndarray:
    picture = tested.MapPainter().png(map_yx)
    assert picture is not None
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))


def assert_colours(tested=map_picture) -> None:
    ramp_yx = np.linspace(-3, 5, 32).reshape(1, 32).repeat(4, axis=0)
    rgba = drawn(tested, ramp_yx)
    assert rgba.shape == (4, 32, 4)
    wanted = 255 * matplotlib.colormaps["inferno"](np.linspace(0, 1, 32))[:, :3]
    assert np.abs(rgba[0, :, :3] - wanted).max() < 6
    assert rgba[0, [0, -1], 3].tolist() == [64, 204]
    assert (np.diff(rgba[0, :, 3].astype(int)) > 0).all()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("transparency=self._transparency", "optimize=False"), ("(MOST_ALPHA - LEAST_ALPHA) * values", "0.1")],
)
def test_colours_and_cover_follow_the_map(tmp_path, right: str, wrong: str) -> None:
    assert_colours()
    with pytest.raises(AssertionError):
        assert_colours(broken_copy(map_picture, tmp_path, right, wrong))


def test_a_large_map_becomes_smaller_in_its_own_shape() -> None:
    map_yx = np.zeros((224, 448))
    map_yx[:112] = 1
    rgba = drawn(map_picture, map_yx)
    assert rgba.shape == (56, 112, 4)
    assert (rgba[:20, :, 3] == 204).all()
    assert (rgba[36:, :, 3] == 64).all()


@pytest.mark.parametrize("map_yx", [np.ones((4, 4)), np.full((4, 4), np.nan)])
def test_a_map_without_contrast_has_no_picture(map_yx: np.ndarray) -> None:
    assert map_picture.MapPainter().png(map_yx) is None
