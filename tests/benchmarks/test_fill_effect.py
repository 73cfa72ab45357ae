"""Figures of the comparison of fills: by hand, and for a model that ignores white, where the answer is known."""

import numpy as np
import pytest

from benchmarks.fill_effect import background_of, compare_fills, fills_of, maps_with, mean_background, share_on
from examples.colour_histogram import build
from pipeline.evaluation.precision.agreement import ComparedQuery
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.model import Preprocessing, UserModel

SIZE_PX = 24


def item_on_white(colour: tuple[int, int, int] = (200, 30, 30)) -> np.ndarray:
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 255, dtype=np.uint8)
    pixels[8:16, 8:16] = colour
    pixels[12:16, 8:16] = (20, 20, 120)
    return pixels


def test_the_background_is_white_and_neither_nothing_nor_all() -> None:
    pixels = item_on_white()
    found = background_of(pixels)
    assert found is not None
    assert found.sum() == SIZE_PX**2 - 64
    pixels[:4] = 249
    assert background_of(pixels).sum() == SIZE_PX**2 - 64 - 4 * SIZE_PX  # type: ignore[union-attr]
    assert background_of(np.full((8, 8, 3), 255, np.uint8)) is None
    assert background_of(np.full((8, 8, 3), 249, np.uint8)) is None
    assert mean_background([item_on_white(), np.zeros((8, 8, 3), np.uint8)]).value == pytest.approx(1 - 64 / SIZE_PX**2)


def test_a_share_counts_what_is_positive() -> None:
    map_hw = np.array([[3.0, -5.0], [1.0, -1.0]])
    assert share_on(map_hw, np.array([[False, False], [True, True]])) == 0.25
    assert np.isnan(share_on(-np.abs(map_hw), np.ones((2, 2), bool)))


def test_effects_are_those_of_maps_made_by_hand() -> None:
    background = background_of(item_on_white())
    assert background is not None
    on_item = np.where(background, 0.0, 1.0) + np.linspace(0, 0.02, SIZE_PX)[:, None]
    maps = np.stack([on_item, 1 - on_item])
    first, reverse = compare_fills(maps[:, None], [item_on_white()], on_item[None])
    assert first.agreement.value == pytest.approx(1)
    assert reverse.agreement.value == pytest.approx(-1)
    assert first.background_first.value == 0
    assert reverse.background_first.value == 1
    assert first.on_background.value < 0.2 < 0.8 < reverse.on_background.value


def test_white_that_a_model_ignores_is_not_salient_once_removed_pixels_are_white() -> None:
    scorer = SimilarityScorer(UserModel(build(ignore_white=True).embed, Preprocessing(), takes_arrays=True))
    query = ComparedQuery("query", item_on_white(), item_on_white((190, 40, 30))[None])
    background = background_of(query.pixels_hwc)
    assert background is not None
    maps = {
        name: maps_with(fill, "sliding_window", scorer, [query], 0)[0]
        for name, fill in fills_of((255, 255, 255)).items()
    }
    # No window over the corner reaches the item: white for white changes nothing, another fill is a colour that the
    # model sees.
    assert np.abs(maps["canvas"][0, 0]) < 1e-6
    assert abs(maps["mean"][0, 0]) > 1e-3
