"""LIME maps against the float64 oracle, models whose coefficients are known, and their cost in passes."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB, normalise_pixels
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.saliency.lime import maps as lime
from pipeline.saliency.lime import superpixels
from pipeline.saliency.lime.declaration import LimeSpec, SuperpixelSpec
from pipeline.saliency.lime.maps import build_lime, draw_samples
from pipeline.saliency.lime.superpixels import SwitchedImages, find_superpixels
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import lime as oracle
from tests.oracles.rise import worst_share_of_range
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    CountingNetwork,
    display_maps,
    float64_embed,
    random_pixels,
    small_scorer,
)

# Small kernels find the 16 blocks of the test images.
WIDE = SuperpixelSpec(kernel_size=14)
SPEC = LimeSpec(samples=60, superpixels=SuperpixelSpec(kernel_size=7, max_dist=8), seed=4)
LARGEST_SHARE_OF_RANGE = 1e-4


def request_for(scorer: SimilarityScorer, references: int = 3) -> SaliencyRequest:
    pixels = random_pixels(references + 1, seed=6)
    return SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))


@lru_cache
def slow_case() -> tuple[SimilarityScorer, SaliencyRequest, np.ndarray, np.ndarray]:
    """Return a model, a request, its superpixels and the oracle's scores (reference, sample)."""
    scorer = small_scorer()
    request = request_for(scorer)
    superpixels_hw = find_superpixels(request.pixels_hwc, SPEC.superpixels)
    is_on = draw_samples(SPEC, "query", 16)
    embed = float64_embed(scorer.network)
    scores = [
        oracle.scores(request.pixels_hwc, superpixels_hw, is_on, reference.astype(np.float64), embed)
        for reference in request.reference_embeddings_kd
    ]
    return scorer, request, superpixels_hw, np.stack(scores)


def assert_equals_oracle(build: Callable[..., SaliencyGenerator] = build_lime, spec: LimeSpec = SPEC) -> None:
    scorer, request, superpixels_hw, scores = slow_case()
    assert superpixels_hw.max() == 15
    is_on = draw_samples(SPEC, "query", 16)
    weights = np.array([oracle.weight(sample, spec.kernel_width) for sample in is_on])
    [found] = build(spec, scorer)([request])
    expected = []
    for k, scores_n in enumerate(scores):
        alpha = float(found.notes["alpha"][k])
        fit = oracle.ridge if spec.regression == "ridge" else oracle.lasso
        coefficients = fit(is_on.astype(np.float64), scores_n, weights, alpha)
        expected.append(oracle.painted(coefficients, superpixels_hw))
        assert found.notes["nonzero"][k] == np.count_nonzero(coefficients)
    assert worst_share_of_range(found.display_khw, np.stack(expected)) <= LARGEST_SHARE_OF_RANGE
    assert found.notes["superpixels"].tolist() == [16.0] * 3


@pytest.mark.parametrize(
    "spec",
    [SPEC, replace(SPEC, selection="cross_validation"), replace(SPEC, regression="ridge")],
    ids=["bic", "cross_validation", "ridge"],
)
def test_maps_equal_the_oracle(spec: LimeSpec) -> None:
    assert_equals_oracle(spec=spec)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(distances_n**2)", "distances_n"),
        ("np.sqrt(np.exp(", "(np.exp("),
        ("1 - np.sqrt(is_on_ns.mean", "1 - (is_on_ns.mean"),
        ("place_u[sorted_n.reshape(-1)]", "sorted_n.reshape(-1)"),
        ("place_u[order_u] = np.arange(len(order_u))", "place_u[:] = order_u"),
        ("is_on_ns[first_u[order_u]]", "~is_on_ns[first_u[order_u]]"),
        ("[:, superpixels_hw]", "[:, superpixels_hw.T]"),
        ("perturbed_scores(embeddings_ud, references_kd,", "perturbed_scores(embeddings_ud, references_kd.flip(0),"),
        ("is_on_ns[0] = True", "is_on_ns[0] = False"),
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(lime, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle(broken.build_lime)


def assert_images_equal_oracle(module: object) -> None:
    _, request, superpixels_hw, _ = slow_case()
    is_on = draw_samples(SPEC, "query", 16)[:5]
    rendered = module.SwitchedImages(request.pixels_hwc, superpixels_hw, "cpu").render(torch.tensor(is_on))  # type: ignore[attr-defined]
    assert rendered.dtype == torch.float32
    assert rendered.is_contiguous(memory_format=torch.channels_last)
    expected = [oracle.switched(request.pixels_hwc, superpixels_hw, sample) for sample in is_on]
    np.testing.assert_allclose(rendered.numpy(), np.stack(expected), atol=1e-6)


def test_what_is_off_is_black_and_what_is_on_is_the_image_to_the_bit() -> None:
    assert_images_equal_oracle(superpixels)
    _, request, superpixels_hw, _ = slow_case()
    images = SwitchedImages(request.pixels_hwc, superpixels_hw, "cpu")
    whole, nothing = images.render(torch.tensor([[True] * 16, [False] * 16]))
    assert torch.equal(whole, normalise_pixels(request.pixels_hwc[None])[0])
    assert torch.equal(nothing, normalise_pixels(np.zeros_like(request.pixels_hwc)[None])[0])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("_interleaved(removed_pixels(fill, pixels_hwc), device)", "torch.zeros_like(self._image_v)"),
        ("lerp(self._removed_v, self._image_v", "lerp(self._image_v, self._removed_v"),
        ("np.repeat(superpixels_hw.ravel(), self._shape[2])", "np.tile(superpixels_hw.ravel(), self._shape[2])"),
        ("superpixels_hw.ravel()", "superpixels_hw.T.ravel()"),
    ],
)
def test_comparison_of_images_notices_mistakes(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_images_equal_oracle(broken_copy(superpixels, tmp_path, right, wrong))


class LinearScores(nn.Module):
    """Embeddings whose first components, the cosines with the first axes, are sums over pixels of weighted red."""

    def __init__(self, weights_khw: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("weights_khw", torch.tensor(weights_khw, dtype=torch.float32))

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        red = images_nchw[:, 0] * IMAGENET_DEVIATION_RGB[0] + IMAGENET_MEAN_RGB[0]
        scores = torch.einsum("nyx,kyx->nk", red, self.weights_khw)
        rest = (1 - scores.square().sum(dim=1, keepdim=True)).sqrt()
        return torch.cat([scores, rest], dim=1)


def linear_case(pixels: np.ndarray, spec: LimeSpec) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return maps of a linear model for three references, what they ought to be, and notes."""
    side = len(pixels)
    weights = np.random.default_rng(8).normal(size=(3, side, side)) * 0.3 / side**2
    weights[2] = 0
    request = SaliencyRequest("query", pixels, np.eye(3, 4, dtype=np.float32))
    [found] = build_lime(spec, SimilarityScorer(LinearScores(weights)))([request])
    superpixels_hw = find_superpixels(pixels, spec.superpixels)
    expected = np.zeros((3, side, side))
    for number in range(superpixels_hw.max() + 1):
        inside = superpixels_hw == number
        expected[:, inside] = (weights * pixels[..., 0] / 255)[:, inside].sum(axis=1, keepdims=True)
    return found.display_khw, expected, dict(found.notes)


@pytest.mark.parametrize("selection", ["bic", "cross_validation"])
def test_a_linear_model_s_coefficients_are_recovered(selection: str) -> None:
    maps, expected, notes = linear_case(random_pixels(1, seed=3)[0], replace(SPEC, selection=selection))
    assert np.ptp(expected[0]) > 1e-3
    np.testing.assert_allclose(maps, expected, atol=1e-6)
    # The third score never changes: its map of zeros can be told by its notes.
    assert notes["nonzero"].tolist() == [16.0, 16.0, 0.0]
    assert not maps[2].any()


@pytest.mark.parametrize("regression", ["lasso", "ridge"])
def test_one_superpixel_works(regression: str) -> None:
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 200, np.uint8)
    maps, expected, notes = linear_case(pixels, LimeSpec(samples=40, regression=regression, superpixels=WIDE))
    assert notes["superpixels"].tolist() == [1.0] * 3
    if regression == "lasso":
        np.testing.assert_allclose(maps, expected, atol=1e-5)
    assert np.isfinite(maps).all()
    assert (np.ptp(maps, axis=(1, 2)) == 0).all()


@pytest.mark.parametrize("references", [1, 5])
def test_references_share_the_passes_and_repeated_samples_cost_none(references: int) -> None:
    # Wide kernels find few superpixels: few samples differ.
    pixels = random_pixels(1, seed=0)[0]
    n_superpixels = int(find_superpixels(pixels, WIDE).max()) + 1
    assert n_superpixels == 3
    for spec, distinct in ((LimeSpec(samples=200, superpixels=WIDE), 8), (SPEC, 60)):
        counting = CountingNetwork(small_scorer().network)
        generator = build_lime(spec, SimilarityScorer(counting, batch_size=25))
        given = np.eye(references, 12, dtype=np.float32)
        [found] = generator([SaliencyRequest("query", pixels, given)])
        assert found.forward_passes == counting.images == distinct
        assert max(shape[0] for shape in counting.batches) <= 25


def test_conditions_are_applied_after_the_passes() -> None:
    scorer, request, _, _ = slow_case()
    masks = np.random.default_rng(7).uniform(0, 1.5, (3, 12)).astype(np.float32) ** 2
    references = project(request.reference_embeddings_kd, masks)
    generator = build_lime(replace(SPEC, regression="ridge"), scorer)
    together = display_maps(generator, replace(request, reference_embeddings_kd=references, condition_masks_kd=masks))

    class Projected(nn.Module):
        def __init__(self, mask: np.ndarray) -> None:
            super().__init__()
            self.mask = torch.tensor(mask)

        def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
            return scorer.embed_tensor(images_nchw) * self.mask

    for k, mask in enumerate(masks):
        alone = build_lime(replace(SPEC, regression="ridge"), SimilarityScorer(Projected(mask), batch_size=25))
        expected = display_maps(alone, replace(request, reference_embeddings_kd=references[[k]]))
        assert worst_share_of_range(together[[k]], expected) < 1e-3
        assert worst_share_of_range(together[[k - 1]], expected) > 0.05


def test_draws_depend_on_seed_and_query_alone() -> None:
    scorer, request, _, _ = slow_case()
    other = replace(request, query_id="other")
    first, second = build_lime(SPEC, scorer)([request, other])
    again = display_maps(build_lime(SPEC, scorer), request)
    assert again.tobytes() == first.display_khw.tobytes() != second.display_khw.tobytes()
    reseeded = display_maps(build_lime(replace(SPEC, seed=5), scorer), request)
    assert reseeded.tobytes() != again.tobytes()
    is_on = draw_samples(SPEC, "query", 16)
    assert is_on[0].all()
    assert 0.4 < is_on[1:].mean() < 0.6
    np.testing.assert_array_equal(draw_samples(replace(SPEC, samples=20), "query", 16), is_on[:20])


def test_superpixels_are_numbered_without_gaps_and_each_time_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 28, 3), dtype=np.uint8)
    found = find_superpixels(pixels, SuperpixelSpec(kernel_size=4, max_dist=4))
    assert found.shape == (40, 28)
    assert np.unique(found).tolist() == list(range(found.max() + 1))
    assert found.max() > 10
    np.testing.assert_array_equal(found, find_superpixels(pixels, SuperpixelSpec(kernel_size=4, max_dist=4)))


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 4}, {"regression": "elastic"}, {"selection": "aic"}, {"kernel_width": 0.0}, {"ridge_alpha": 0.0}],
)
def test_bad_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSetting, match=str(next(iter(wrong.values())))):
        build_lime(replace(SPEC, **wrong), small_scorer())  # type: ignore[arg-type]


def test_superpixels_of_a_smaller_image_are_about_as_many() -> None:
    pixels = random_pixels(1, seed=2, size_px=112)[0]
    counts = [int(find_superpixels(pixels[::step, ::step].copy(), SuperpixelSpec()).max()) + 1 for step in (1, 2)]
    assert counts[0] > 4
    assert 0.6 < counts[1] / counts[0] < 1.6


def test_settings_that_quickshift_refuses_are_refused() -> None:
    with pytest.raises(BadSetting, match="quickshift"):
        find_superpixels(random_pixels(1)[0], SuperpixelSpec(kernel_size=0.1))
