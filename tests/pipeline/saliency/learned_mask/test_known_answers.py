"""Masks whose answer is known beforehand, and the parts they are made of."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.learned_mask.blurred_images import MaskedImages, blur
from pipeline.saliency.learned_mask.declaration import MaskSpec
from pipeline.saliency.learned_mask.descent import descend, penalties
from pipeline.saliency.learned_mask.maps import build_learned_mask
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import mask as oracle
from tests.pipeline.saliency.small_models import SIZE_PX, random_pixels

PLAIN = MaskSpec(sparsity_weight=0, smoothness_weight=0)


class Constant(nn.Module):
    """Embeds every image alike."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        zeros = images_nchw.sum(dim=(2, 3)) * 0
        return zeros + torch.tensor([0.6, 0.8, 0.0])


class OnePlace(nn.Module):
    """Embeds an image on the unit circle by the brightness of one place; other places do not matter."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        angle = 0.3 * images_nchw[:, :, 4:8, 22:26].mean(dim=(1, 2, 3))
        return torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)


@pytest.mark.parametrize("mode", ["fixed", "both"])
def test_where_nothing_changes_the_score_all_is_shown(mode: str) -> None:
    pixels = random_pixels(3)
    references = np.array([[0.6, 0.8, 0], [1, 0, 0]], np.float32)
    asked = SaliencyRequest("query", pixels[0], references, None, ("a", "b"), pixels[1:])
    [maps] = build_learned_mask(MaskSpec(30, mask_cells=6), mode, SimilarityScorer(Constant()))([asked])
    assert not maps.native_khw.any()
    assert not maps.display_khw.any()
    cosines = [1, 1] if mode == "both" else [1, 0.6]
    np.testing.assert_allclose(maps.notes["final_loss"], cosines, atol=1e-6)


@pytest.mark.parametrize("smoothness_weight", [0.0, 0.2])
def test_the_map_covers_the_only_place_that_matters(smoothness_weight: float) -> None:
    pixels = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8)
    # Small enough for the median to wipe out. Another one, at the lower left, does not matter.
    pixels[4:8, 22:26] = pixels[24:28, 6:10] = 255
    toward, away = np.array([[1, 0], [-1, 0]], np.float32)
    asked = SaliencyRequest("query", pixels, np.stack([toward, away]), None, ("toward", "away"))
    spec = MaskSpec(200, mask_cells=8, smoothness_weight=smoothness_weight)
    [maps] = build_learned_mask(spec, "fixed", SimilarityScorer(OnePlace()))([asked])
    explained, opposed = maps.native_khw
    # The other reference is unlike the query because of the place: hiding it would raise the score.
    assert not opposed.any()
    # Cells of 4 px: their neighbours reach into the place, too, because masks are enlarged bilinearly.
    expected = np.zeros((8, 8))
    expected[:3, 5:7] = 1
    if smoothness_weight == 0:
        np.testing.assert_allclose(explained, expected, atol=1e-3)
    else:
        assert explained[1, 5:7].min() > 0.99
        assert explained[6:, 1:3].max() < 0.01
        assert maps.display_khw[0, 5:7, 23:25].min() > 0.99


def test_linear_scores_have_an_exact_answer() -> None:
    # Adam's step under a constant gradient is the learning rate, whatever the gradient's size.
    slopes = torch.tensor(np.random.default_rng(0).normal(size=(3, 2, 4, 4)))

    def score(masks_pncc: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return (slopes * masks_pncc).sum(dim=(1, 2, 3)), slopes

    for iterations, fallen in ((4, 0.4), (30, 1.0)):
        spec = MaskSpec(iterations, 0.1, sparsity_weight=0, smoothness_weight=0)
        found = descend(torch.ones_like(slopes), score, lambda _: None, spec)
        expected = torch.where(slopes > 0, 1 - fallen, 1.0)
        np.testing.assert_allclose(found.masks_pncc, expected, atol=1e-5)
        np.testing.assert_allclose(found.losses_tp[0], slopes.sum(dim=(1, 2, 3)))
        assert found.iterations_p.tolist() == [iterations] * 3


def test_pairs_stop_each_at_its_own_time_and_keep_what_they_had() -> None:
    # A pair's loss falls by its own slope in every step, until its mask is 0.
    slopes = torch.tensor([[0.4], [0.02], [0.2]], dtype=torch.float64)[:, :, None, None].expand(3, 1, 2, 2)
    rows = [torch.arange(3)]
    shown: list[int] = []

    def score(masks_pncc: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        shown.append(len(masks_pncc))
        return (slopes[rows[0]] * masks_pncc).sum(dim=(1, 2, 3)), slopes[rows[0]]

    def keep(kept: torch.Tensor) -> None:
        rows[0] = rows[0][kept]

    # Over 5 steps of 0.01 the loss of the pairs falls by 4 * slope * 0.05: 0.08, 0.004 and 0.04.
    spec = MaskSpec(200, 0.01, sparsity_weight=0, smoothness_weight=0, patience=5, tolerance=0.03)
    found = descend(torch.ones(3, 1, 2, 2, dtype=torch.float64), score, keep, spec)
    # The second never falls fast enough; the others stop once their masks are 0, after 100 steps.
    assert found.iterations_p.tolist() == [110, 10, 105]
    np.testing.assert_allclose(found.masks_pncc[:, 0, 0, 0], [0, 0.9, 0], atol=1e-6)
    np.testing.assert_allclose(found.losses_tp[[9, 150], 1], 0.08 * 0.91, atol=1e-6)
    assert shown == [3] * 10 + [2] * 95 + [1] * 5


def test_without_patience_nothing_stops() -> None:
    masks = torch.ones(2, 1, 3, 3, dtype=torch.float64)
    found = descend(masks, lambda m: (m.sum(dim=(1, 2, 3)) * 0, m * 0), lambda _: None, MaskSpec(40))
    assert found.iterations_p.tolist() == [40, 40]
    stopping = descend(masks, lambda m: (m.sum(dim=(1, 2, 3)) * 0, m * 0), lambda _: None, MaskSpec(40, patience=7))
    assert stopping.iterations_p.tolist() == [14, 14]


def test_penalties_equal_the_oracles_and_so_do_their_gradients() -> None:
    masks = torch.rand(3, 2, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values, gradients = penalties(masks, 0.3, 0.7)
    for number in range(3):
        leaves = [mask.clone().requires_grad_() for mask in masks[number]]
        expected = sum((oracle.penalty(leaf, 0.3, 0.7) for leaf in leaves), torch.zeros((), dtype=torch.float64))
        slopes = torch.autograd.grad(expected, leaves)
        np.testing.assert_allclose(float(values[number]), float(expected.detach()), rtol=1e-12)
        np.testing.assert_allclose(gradients[number], torch.stack(slopes), rtol=1e-12, atol=1e-15)


def test_gradients_of_masks_are_those_of_automatic_differentiation() -> None:
    pixels = random_pixels(2, size_px=24)[:, :20]
    blurred = [blur(image, 5) for image in pixels]
    images = MaskedImages(list(pixels), blurred, [np.random.default_rng(0)] * 2, 4, "cpu", torch.float64)
    masks = torch.rand(2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    mixed = images.mix(masks, 0)
    assert mixed.shape == (2, 3, 20, 24)
    slopes = torch.randn(2, 3, 20, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    [expected] = torch.autograd.grad((mixed * slopes).sum(), masks)
    np.testing.assert_allclose(images.mask_gradients(slopes), expected, rtol=1e-12)


def test_a_whole_mask_shows_the_image_and_none_its_blurred_copy() -> None:
    pixels = random_pixels(1)
    images = MaskedImages(list(pixels), [blur(pixels[0], 11)], [np.random.default_rng(0)], 4, "cpu", torch.float64)
    whole, none = images.mix(torch.ones(1, 4, 4).double(), 0), images.mix(torch.zeros(1, 4, 4).double(), 0)
    np.testing.assert_allclose(whole[0], oracle.normalised(pixels[0]), atol=1e-6)
    np.testing.assert_allclose(none[0], oracle.normalised(oracle.blurred(pixels[0], 11)), atol=1e-6)
    noisy = images.mix(torch.ones(1, 4, 4).double(), 0.2) - whole
    assert 0.19 < float(noisy.std()) < 0.21
    assert not torch.equal(noisy, images.mix(torch.ones(1, 4, 4).double(), 0.2) - whole)


@pytest.mark.parametrize("blur_px", [1, 3, 5, 11, 15])
def test_the_blur_is_the_median_with_the_border_repeated(blur_px: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (19, 23, 3), dtype=np.uint8)
    np.testing.assert_array_equal(blur(pixels, blur_px), oracle.blurred(pixels, blur_px))
    if blur_px > 1:
        assert (blur(pixels, blur_px) != pixels).any()
