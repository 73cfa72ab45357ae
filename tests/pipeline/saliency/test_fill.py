"""What removed pixels become, and every perturbing generator with every fill, against the float64 oracle."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from pipeline.errors import BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency import fill as fill_module
from pipeline.saliency import perturbed_embeddings
from pipeline.saliency.build import build_generator, query_fill, query_masks
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.fill import BLACK, BLUR, BLUR_SIGMA_SHARE, MEAN, Fill, gaussian_blur, removed_pixels
from pipeline.saliency.lime import superpixels
from pipeline.saliency.perturbations import GivenMasks
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.resident_masks import make_resident
from pipeline.saliency.rise.masks import draw_masks
from pipeline.saliency.sliding_window.windows import window_grid
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import fill as oracle
from tests.oracles import lime as lime_oracle
from tests.oracles import masked_pairs as pairs_oracle
from tests.oracles import rise as rise_oracle
from tests.oracles import sliding_window as window_oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    display_maps,
    float64_embed,
    oracle_masks,
    random_pixels,
    small_scorer,
)
from tests.pipeline.saliency.test_build import SEED, SPECS, request_for

FILLS: Sequence[Fill] = (MEAN, BLUR, BLACK, (255, 250, 7))
FILLING = [name for name, declared in GENERATORS.items() if declared.own_fill is not None]


def assert_fills_equal_oracle(module: ModuleType, fill: Fill) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    np.testing.assert_allclose(module.removed_pixels(fill, pixels), oracle.removed(fill, pixels), rtol=0, atol=1e-9)


@pytest.mark.parametrize("fill", FILLS)
def test_removed_pixels_equal_the_oracle(fill: Fill) -> None:
    assert_fills_equal_oracle(fill_module, fill)


@pytest.mark.parametrize(
    ("fill", "right", "wrong"),
    [
        (MEAN, "(0.485, 0.456, 0.406)", "(0.406, 0.456, 0.485)"),
        (BLUR, "10 / 224", "11 / 224"),
        (BLUR, "KERNEL_DEVIATIONS = 4", "KERNEL_DEVIATIONS = 2"),
        (BLUR, "np.clip(pixel + offsets, 0, size_px - 1)", "(pixel + offsets) % size_px"),
        (BLUR, "-0.5 * (offsets", "-(offsets"),
        (BLUR, "ya,xb,abc->yxc", "ya,xb,abc->xyc"),
        ((255, 250, 7), "np.asarray(colour, dtype", "np.asarray(colour[::-1], dtype"),
    ],
)
def test_comparator_of_fills_rejects_broken_copies(tmp_path: Path, fill: Fill, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_fills_equal_oracle(broken_copy(fill_module, tmp_path, right, wrong), fill)


@pytest.mark.parametrize("size_px", [16, 113, 224])
def test_the_blur_is_that_of_scipy_and_keeps_an_even_colour(size_px: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)
    sigma_px = BLUR_SIGMA_SHARE * size_px
    expected = ndimage.gaussian_filter(pixels.astype(np.float64), (sigma_px, sigma_px, 0), mode="nearest", truncate=4)
    np.testing.assert_allclose(removed_pixels(BLUR, pixels), expected, rtol=0, atol=1e-9)
    even = np.full_like(pixels, 250)
    np.testing.assert_allclose(gaussian_blur(even, 7), even, rtol=0, atol=1e-9)


@pytest.mark.parametrize("fill", ["grey", "canvas", (1, 2), (0, 0, 256), (-1, 0, 0), (0, 0, 0, 0)])
def test_what_is_no_fill_is_refused(fill: Fill) -> None:
    with pytest.raises(BadSetting, match=r"(?s)mean, blur, or red, green and blue.*saliency\.fill"):
        removed_pixels(fill, random_pixels(1)[0])


def assert_embeddings_equal_oracle(fill: Fill, embed: Callable[..., torch.Tensor] = embed_perturbations) -> None:
    scorer, draws, pixels = small_scorer(), draw_masks(2, 30, 8, 0.5, SIZE_PX), random_pixels(1)[0]
    expected = oracle.embeddings(pixels, oracle_masks(draws), float64_embed(scorer.network), fill)
    for masks in (draws, make_resident(draws, "cpu")):
        np.testing.assert_allclose(embed(scorer, pixels, masks, fill).numpy(), expected, atol=5e-6)


@pytest.mark.parametrize("fill", FILLS)
def test_embeddings_equal_the_oracle(fill: Fill) -> None:
    assert_embeddings_equal_oracle(fill)


MIX = "torch.lerp(removed_hv, image_hv, masks_nhv, out=masks_nhv)"


@pytest.mark.parametrize("fill", [fill for fill in FILLS if fill != MEAN])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if fill == MEAN:", "if True:"),
        (MIX, "torch.lerp(image_hv, removed_hv, masks_nhv, out=masks_nhv)"),
        (MIX, "masks_nhv.mul_(image_hv).add_(removed_hv)"),
        ("removed_pixels(fill, pixels_hwc) for", "255 - removed_pixels(fill, pixels_hwc) for"),
        ("removed_bhv[image]", "removed_bhv[image].flip(1)"),
    ],
    ids=["always the mean", "removed for kept", "added", "negative", "mirrored, blue for red"],
)
def test_comparator_of_embeddings_rejects_broken_copies(tmp_path: Path, right: str, wrong: str, fill: Fill) -> None:
    # A row of black is the same from either end, but black is no 0 once it is normalised.
    fill = (0, 0, 255) if fill == BLACK and "flip" in wrong else fill
    broken = broken_copy(perturbed_embeddings, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_embeddings_equal_oracle(fill, broken.embed_perturbations)


class Recording(nn.Module):
    """Remembers the images that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[torch.Tensor] = []

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        self.seen.append(images_nchw.clone())
        return torch.ones(len(images_nchw), 2)


@pytest.mark.parametrize("fill", FILLS)
def test_kept_pixels_are_the_image_to_the_bit_and_removed_ones_the_fill(fill: Fill) -> None:
    pixels, network = random_pixels(1)[0], Recording()
    masks = np.stack([np.ones((SIZE_PX, SIZE_PX)), np.zeros((SIZE_PX, SIZE_PX))])
    embed_perturbations(SimilarityScorer(network), pixels, GivenMasks(masks), fill)
    whole, nothing = network.seen[0]
    assert torch.equal(whole, normalise_pixels(pixels[None])[0])
    np.testing.assert_allclose(nothing, rise_oracle.normalised(oracle.removed(fill, pixels)), atol=1e-6)


@lru_cache
def scores_case(fill: Fill) -> tuple[SimilarityScorer, SaliencyRequest, Callable[[np.ndarray], np.ndarray]]:
    scorer = small_scorer()
    pixels = random_pixels(3, seed=6)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]), None, ("a", "b"), pixels[1:])
    return scorer, request, lambda masks: oracle.embeddings(pixels[0], masks, float64_embed(scorer.network), fill)


@pytest.mark.parametrize("fill", FILLS)
def test_rise_maps_equal_the_oracle(fill: Fill) -> None:
    scorer, request, embedded = scores_case(fill)
    masks = oracle_masks(draw_masks(SEED, 60, 8, 0.5, SIZE_PX))
    scores_nk = embedded(masks) @ request.reference_embeddings_kd.T
    expected = np.stack([rise_oracle.map_of_scores(scores_n, masks) for scores_n in scores_nk.T])
    found = display_maps(build_generator("rise", "fixed", {"masks": 60, "fill": fill}, SEED, scorer, SIZE_PX), request)
    assert rise_oracle.worst_share_of_range(found, expected) <= 1e-5


@pytest.mark.parametrize("fill", FILLS)
def test_sliding_window_maps_equal_the_oracle(fill: Fill) -> None:
    scorer, request, embedded = scores_case(fill)
    grid = window_grid(11, 39, 3, SIZE_PX)
    masks = grid.render(0, len(grid)).numpy().astype(np.float64)
    references_dk = request.reference_embeddings_kd.T
    whole_k = (embedded(np.ones((1, SIZE_PX, SIZE_PX))) @ references_dk)[0]
    scores_nk = embedded(masks) @ references_dk
    expected = np.stack([window_oracle.mean_drops(whole_k[k], scores_nk[:, k], masks) for k in range(2)])
    spec = {"windows_per_side": 11, "fill": fill}
    found = display_maps(build_generator("sliding_window", "fixed", spec, SEED, scorer, SIZE_PX), request)
    assert rise_oracle.worst_share_of_range(found, expected) <= 1e-4


@pytest.mark.parametrize("fill", FILLS)
def test_references_are_filled_by_what_they_are_themselves(fill: Fill) -> None:
    scorer, request, embedded = scores_case(fill)
    assert request.reference_pixels_khwc is not None
    draws, of_reference = draw_masks(1, 30, 8, 0.5, SIZE_PX), draw_masks(2, 5, 8, 0.5, SIZE_PX)
    found = perturbed_embeddings.perturbed_query_scores(scorer, request, draws, of_reference, fill).scores_nk
    embed = float64_embed(scorer.network)
    for number, pixels in enumerate(request.reference_pixels_khwc):
        vectors = oracle.embeddings(pixels, oracle_masks(of_reference), embed, fill)
        expected = (embedded(oracle_masks(draws)) @ vectors.T).mean(axis=1)
        np.testing.assert_allclose(found[:, number].numpy(), expected, atol=5e-6)
    if fill == MEAN:
        masks = oracle_masks(draws), oracle_masks(of_reference)
        others = pairs_oracle.mean_scores(request.pixels_hwc, request.reference_pixels_khwc[1], *masks, embed)
        np.testing.assert_allclose(expected, others, atol=1e-12)


def assert_switched_images_equal_oracle(module: Any, fill: Fill) -> None:
    pixels = random_pixels(1, seed=6)[0]
    superpixels_hw = np.arange(16).reshape(4, 4).repeat(8, axis=0).repeat(8, axis=1)
    is_on = np.random.default_rng(0).random((5, 16)) < 0.5
    rendered = module.SwitchedImages(pixels, superpixels_hw, "cpu", fill).render(torch.tensor(is_on))
    masks = np.stack([sample[superpixels_hw] for sample in is_on]).astype(np.float64)
    np.testing.assert_allclose(rendered.numpy(), np.stack(oracle.images(pixels, masks, fill)), atol=1e-6)
    if fill == BLACK:
        switched = [lime_oracle.switched(pixels, superpixels_hw, sample) for sample in is_on]
        np.testing.assert_allclose(rendered.numpy(), np.stack(switched), atol=1e-6)


@pytest.mark.parametrize("fill", FILLS)
def test_switched_images_equal_the_oracle(fill: Fill) -> None:
    assert_switched_images_equal_oracle(superpixels, fill)


@pytest.mark.parametrize("fill", [fill for fill in FILLS if fill != BLACK])
def test_comparison_of_switched_images_notices_a_fill_that_is_ignored(tmp_path: Path, fill: Fill) -> None:
    broken = broken_copy(superpixels, tmp_path, "removed_pixels(fill, pixels_hwc)", "removed_pixels(BLACK, pixels_hwc)")
    with pytest.raises(AssertionError):
        assert_switched_images_equal_oracle(broken, fill)


@pytest.mark.parametrize("name", FILLING)
def test_each_fill_gives_other_maps(name: str) -> None:
    scorer, request = small_scorer(), request_for(name, "fixed")
    spec, maps = SPECS.get(name, {}), []
    for fill in FILLS:
        generator = build_generator(name, "fixed", {**spec, "fill": fill}, SEED, scorer, SIZE_PX)
        maps.append(display_maps(generator, request))
    for number, one in enumerate(maps):
        assert all(np.abs(one - other).max() > 1e-4 * np.ptp(one) for other in maps[:number])
    own = GENERATORS[name].own_fill
    assert own in FILLS
    default = display_maps(build_generator(name, "fixed", spec, SEED, scorer, SIZE_PX), request)
    np.testing.assert_array_equal(default, maps[list(FILLS).index(own)])


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("name", ["rise", "sliding_window"])
def test_kept_embeddings_have_the_fill(name: str, fill: Fill) -> None:
    scorer, request, spec = small_scorer(), request_for(name, "fixed"), {**SPECS[name], "fill": fill}
    generator = build_generator(name, "fixed", spec, SEED, scorer, SIZE_PX)
    masks = query_masks(name, spec, SEED, SIZE_PX)
    kept = embed_perturbations(scorer, request.pixels_hwc, masks, query_fill(name, spec)).numpy()
    [read] = generator([replace(request, perturbed_embeddings_nd=kept)])
    np.testing.assert_allclose(read.display_khw, display_maps(generator, request), atol=1e-6)


def test_a_generators_own_fill_is_in_no_key_and_any_other_is() -> None:
    assert {name: GENERATORS[name].own_fill for name in FILLING} == {
        "sliding_window": MEAN,
        "rise": MEAN,
        "lime": BLACK,
        "mask": BLUR,
    }
    for name in FILLING:
        declared = GENERATORS[name]
        own = declared.spec()
        for fill in (*FILLS, [0, 0, 0]):
            keyed = declared.key_values(declared.with_fill(own, fill), "fixed", False)
            is_own = fill == declared.own_fill or (name == "lime" and fill == [0, 0, 0])
            assert keyed.get("fill") == (None if is_own else fill if isinstance(fill, str) else list(fill))
            if is_own:
                assert keyed == declared.depends_on(own, "fixed", False)
            assert declared.spec_from(keyed) == replace(
                declared.spec_from(keyed), fill=keyed.get("fill", declared.own_fill)
            )
        assert declared.with_fill(own, None) is own


def test_generators_that_remove_nothing_have_no_fill() -> None:
    for name in GENERATORS.keys() - set(FILLING):
        declared = GENERATORS[name]
        spec = declared.spec()
        assert declared.with_fill(spec, BLUR) is spec
        assert "fill" not in declared.key_values(spec, declared.modes[0], False)


def test_masks_own_window_matters_only_where_it_blurs() -> None:
    declared = GENERATORS["mask"]
    assert "blur_px" in declared.key_values(declared.spec(), "fixed", False)
    assert "blur_px" not in declared.key_values(declared.with_fill(declared.spec(), MEAN), "fixed", False)
