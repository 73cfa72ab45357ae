"""Masks that a caller brings."""

import numpy as np
import pytest
import torch

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.perturbations import GivenMasks, WithUnmaskedImage
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise, build_rise_with_masks
from pipeline.saliency.rise.masks import draw_masks, render_masks
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as oracle
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    CountingNetwork,
    display_maps,
    float64_embed,
    random_pixels,
    small_scorer,
)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rise_on_given_masks_equals_the_oracle(dtype: type) -> None:
    counting = CountingNetwork(small_scorer().network)
    scorer = SimilarityScorer(counting, batch_size=25)
    pixels = random_pixels(3, seed=4)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))
    masks = np.random.default_rng(0).random((60, SIZE_PX, SIZE_PX)).astype(dtype)
    expected = oracle.maps(
        pixels[0], request.reference_embeddings_kd, masks.astype(np.float64), float64_embed(counting.network)
    )
    given = masks.copy()
    counting.batches.clear()
    found = display_maps(build_rise_with_masks(GivenMasks(given), scorer), request)
    assert oracle.worst_share_of_range(found, expected) <= 1e-4
    assert oracle.worst_share_of_range(found[::-1], expected) > 0.01
    np.testing.assert_array_equal(given, masks)
    # Never more than a batch at once.
    assert [shape[0] for shape in counting.batches] == [25, 25, 10]


def test_the_projects_own_masks_brought_by_a_caller_give_the_projects_own_maps() -> None:
    scorer, pixels = small_scorer(), random_pixels(3, seed=4)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))
    draws = draw_masks(5, 40, 8, 0.5, SIZE_PX)
    brought = GivenMasks(render_masks(draws, 0, 40).numpy())
    own = display_maps(build_rise(RiseSpec(masks=40, seed=5), scorer, SIZE_PX), request)
    np.testing.assert_allclose(display_maps(build_rise_with_masks(brought, scorer), request), own, atol=1e-7)


def test_channels_are_repeated_and_the_callers_array_is_left_alone() -> None:
    masks = np.random.default_rng(1).random((4, 3, 3)).astype(np.float32)
    source = GivenMasks(masks)
    rendered = source.render(1, 3, channels=3)
    np.testing.assert_array_equal(rendered.numpy().reshape(2, 3, 3, 3), masks[1:3, :, :, None].repeat(3, axis=3))
    kept = masks.copy()
    source.render(0, 4).mul_(0)
    np.testing.assert_array_equal(masks, kept)


def test_then_whole_adds_one_mask_that_removes_nothing() -> None:
    masks = np.random.default_rng(1).random((4, 3, 3)).astype(np.float32)
    source = WithUnmaskedImage(GivenMasks(masks))
    expected = np.concatenate([masks, np.ones((1, 3, 3), np.float32)])
    assert (len(source), source.image_size_px) == (5, 3)
    for start in range(5):
        for stop in range(start + 1, 6):
            np.testing.assert_array_equal(source.render(start, stop).numpy(), expected[start:stop])
    assert source.render(4, 5, channels=3).shape == (1, 3, 9)
    assert source.render(4, 5).dtype == torch.float32


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        (np.ones((0, 4, 4)), r"shape \(0, 4, 4\)"),
        (np.ones((2, 4, 5)), r"shape \(2, 4, 5\)"),
        (np.ones((4, 4)), r"shape \(4, 4\)"),
        (np.full((2, 4, 4), 1.5), "1.5 to 1.5"),
        (np.full((2, 4, 4), -1.0), "-1.0 to -1.0"),
        (np.full((2, 4, 4), np.nan), "nan to nan"),
    ],
)
def test_masks_that_cannot_be_are_refused(masks: np.ndarray, found: str) -> None:
    with pytest.raises(BadSetting, match=found):
        GivenMasks(masks)
