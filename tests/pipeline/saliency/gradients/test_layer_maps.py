"""Similarity attention and Grad-CAM against float64 loops, where the answer is known, and their cost in passes."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel, BadSetting
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest
from pipeline.saliency.grad_cam.declaration import GradCamSpec
from pipeline.saliency.grad_cam.maps import build_grad_cam, cosines
from pipeline.saliency.gradients import layer_maps as layer_gradients
from pipeline.saliency.gradients.layer_maps import LayerScore, build_layer_maps
from pipeline.saliency.similarity_attention import maps as attention
from pipeline.saliency.similarity_attention.declaration import AttentionSpec
from pipeline.saliency.similarity_attention.maps import build_similarity_attention, weighted_features
from pipeline.saliency.similarity_attention.modes import NEGATIVES_OF_MODE
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import layer_attention as oracle
from tests.oracles.rise import normalised
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import SIZE_PX, CountingNetwork, random_pixels, small_scorer, unbiased_scorer

# Of maps whose largest value is 1.
LARGEST_DIFFERENCE = 1e-4
MODES = ("cosine", *NEGATIVES_OF_MODE)
LAYERS = {"small_residual": "0.3", "resnet18_three_stage": "0.6"}


def build(mode: str, scorer: SimilarityScorer, layer: str | None = None) -> SaliencyGenerator:
    if mode == "cosine":
        return build_grad_cam(GradCamSpec(layer), scorer, SIZE_PX)
    return build_similarity_attention(AttentionSpec(layer), scorer, SIZE_PX, mode)


@lru_cache
def group(network: str = "small_residual", with_masks: bool = False) -> tuple[SimilarityScorer, list[SaliencyRequest]]:
    """Return two queries with three references and with one, so that a slot of the second stays empty."""
    scorer = unbiased_scorer(network)
    requests = []
    for number, references in enumerate((3, 1)):
        pixels = random_pixels(3 * references + 1, seed=10 + number)
        embeddings = scorer.embed(pixels[1:])
        masks = None
        if with_masks:
            masks = np.random.default_rng(number).uniform(0, 2, (references, 12)).astype(np.float32)
            embeddings = project(embeddings, np.tile(masks, (3, 1)))
        negatives = embeddings[references:].reshape(2, references, 12).transpose(1, 0, 2)
        names = ("any",) * references
        requests.append(
            SaliencyRequest(f"query {number}", pixels[0], embeddings[:references], masks, names, None, negatives)
        )
    return scorer, requests


@lru_cache
def expected_maps(network: str, mode: str, with_masks: bool = False, layer: str | None = None) -> list[np.ndarray]:
    scorer, requests = group(network, with_masks)
    return [
        np.stack(
            [
                oracle.one_map(
                    scorer.network,
                    layer or LAYERS[network],
                    mode,
                    request.pixels_hwc,
                    reference,
                    None if request.condition_masks_kd is None else request.condition_masks_kd[slot],
                    list(request.negative_embeddings_kmd[slot]),
                )
                for slot, reference in enumerate(request.reference_embeddings_kd)
            ]
        )
        for request in requests
    ]


def assert_equal(results: list[SaliencyMaps], expected: list[np.ndarray]) -> None:
    for maps, native in zip(results, expected, strict=True):
        largest = maps.notes["largest_value"]
        assert native.max() > 0
        np.testing.assert_allclose(largest, native.max(axis=(1, 2)), rtol=0, atol=LARGEST_DIFFERENCE * native.max())
        for slot, scale in enumerate(native.max(axis=(1, 2))):
            one = native[slot] / (scale or 1)
            np.testing.assert_allclose(maps.native_khw[slot], one, rtol=0, atol=LARGEST_DIFFERENCE)
            display = oracle.enlarged(one, SIZE_PX)
            np.testing.assert_allclose(maps.display_khw[slot], display, rtol=0, atol=LARGEST_DIFFERENCE)


@pytest.mark.parametrize("network", LAYERS)
@pytest.mark.parametrize("mode", MODES)
def test_maps_equal_the_oracle_at_the_last_block(network: str, mode: str) -> None:
    scorer, requests = group(network)
    assert_equal(build(mode, scorer)(requests), expected_maps(network, mode))


@pytest.mark.parametrize("mode", ["cosine", "quadruplet"])
def test_conditions_are_projected_before_anything_is_compared(mode: str) -> None:
    scorer, requests = group(with_masks=True)
    found = build(mode, scorer)(requests)
    assert_equal(found, expected_maps("small_residual", mode, with_masks=True))
    general = build(mode, scorer)([replace(request, condition_masks_kd=None) for request in requests])
    assert np.abs(found[0].native_khw - general[0].native_khw).max() > 100 * LARGEST_DIFFERENCE


@pytest.mark.parametrize("layer", ["0.1", "0.2.conv2", "0.3.shortcut.0", "0.0.2"])
def test_any_layer_can_be_chosen_by_name(layer: str) -> None:
    # Within a residual block a path leads round the layer; 0.0.2 is a ReLU.
    scorer, requests = group()
    found = build("cosine", scorer, layer)(requests)
    assert_equal(found, expected_maps("small_residual", "cosine", layer=layer))


def test_a_layer_before_one_that_works_in_place_keeps_its_activations() -> None:
    # 0.0 is ResNet's first convolution, followed by a ReLU in place.
    scorer, requests = group("resnet18_three_stage")
    found = build("triplet", scorer, "0.0")(requests)
    assert_equal(found, expected_maps("resnet18_three_stage", "triplet", layer="0.0"))


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        (layer_gradients, "torch.relu(sums_qhw[queries])", "sums_qhw[queries].abs()"),
        (layer_gradients, "sums_qhw[queries]", "sums_qhw[queries.flip(0)]"),
        (layer_gradients, "gradients.mean(dim=(2, 3))", "gradients.amax(dim=(2, 3))"),
        (
            layer_gradients,
            "directions_qd[queries] = directions_pd[rows]",
            "directions_qd[queries] = directions_pd[rows] * -1",
        ),
        (layer_gradients, "directions_pd[rows]", "directions_pd[: len(rows)]"),
        (layer_gradients, "functional.normalize(projected_pd, dim=1)", "projected_pd"),
        (layer_gradients, "leaf_pd * pairs.masks_pd", "leaf_pd"),
        (layer_gradients, "native[own_p]", "native[query_p <= query][: own_p.sum()]"),
        (layer_gradients, 'mode="bilinear", align_corners=False', 'mode="nearest"'),
        (attention, "query_pd.detach()", "query_pd"),
        (attention, "weights_pd = 1 - (fixed_pd", "weights_pd = (fixed_pd"),
        (attention, "weights_pd * (fixed_pd[:, None]", "weights_pd + (fixed_pd[:, None]"),
        (attention, ".abs().prod(dim=1)", ".abs().sum(dim=1)"),
        (attention, "(weights_pd * query_pd)", "(weights_pd * reference_pd * query_pd)"),
    ],
    ids=[
        "not rectified",
        "queries swapped",
        "largest gradient",
        "sign",
        "always the first reference",
        "not normalised",
        "mask forgotten",
        "maps of another query",
        "not smooth",
        "weights not constant",
        "of different classes",
        "negatives added",
        "negatives summed",
        "score of both",
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, module: ModuleType, right: str, wrong: str) -> None:
    scorer, requests = group(with_masks=True)
    broken = broken_copy(module, tmp_path, right, wrong)
    scores = broken.weighted_features if module is attention else weighted_features
    build_maps = broken.build_layer_maps if module is layer_gradients else build_layer_maps
    found = build_maps(LayerScore("similarity_attention", None, scores, 2), scorer, SIZE_PX)(requests)
    with pytest.raises(AssertionError):
        assert_equal(found, expected_maps("small_residual", "quadruplet", with_masks=True))


class PooledChannels(nn.Module):
    """A convolution that copies three mixtures of colours, their means, and a linear map."""

    def __init__(self) -> None:
        super().__init__()
        draws = np.random.default_rng(2)
        self.mixture_cr = draws.normal(size=(5, 3))
        self.matrix_dc = draws.normal(size=(4, 5))
        self.features = nn.Conv2d(3, 5, 1, bias=False)
        self.head = nn.Linear(5, 4, bias=False)
        self.features.weight.data = torch.tensor(self.mixture_cr, dtype=torch.float32)[:, :, None, None]
        self.head.weight.data = torch.tensor(self.matrix_dc, dtype=torch.float32)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.head(self.features(images_nchw).mean(dim=(2, 3)))
        return features


@pytest.mark.parametrize("mode", ["cosine", "siamese", "triplet"])
def test_a_linear_map_of_pooled_channels_has_its_alphas_in_closed_form(mode: str) -> None:
    # raw = W pool(A), so d (v . f) / d A_k is constant over space: W' (v - (v . f) f) / (|raw| h w).
    network, pixels = PooledChannels(), random_pixels(1, size_px=8)[0]
    reference, negative = np.random.default_rng(3).normal(size=(2, 4)).astype(np.float32)
    reference, negative = reference / np.linalg.norm(reference), negative / np.linalg.norm(negative)
    activations_cyx = np.einsum("cr,ryx->cyx", network.mixture_cr, normalised(pixels))
    raw_d = network.matrix_dc @ activations_cyx.mean(axis=(1, 2))
    length = np.linalg.norm(raw_d)
    unit_d = raw_d / length
    factors_d = {
        "cosine": reference,
        "siamese": 1 - np.abs(unit_d - reference),
        "triplet": (1 - np.abs(unit_d - reference)) * np.abs(unit_d - negative),
    }[mode]
    alphas_c = network.matrix_dc.T @ (factors_d - (factors_d @ unit_d) * unit_d) / (length * 64)
    expected = np.maximum(np.einsum("c,cyx->yx", alphas_c, activations_cyx), 0)
    assert expected.max() > 0
    request = SaliencyRequest("q", pixels, reference[None], negative_embeddings_kmd=negative[None, None])
    scorer = SimilarityScorer(network)
    spec = {"cosine": lambda: build_grad_cam(GradCamSpec(), scorer, 8)}
    generator = spec.get(mode, lambda: build_similarity_attention(AttentionSpec(), scorer, 8, mode))()
    [maps] = generator([request])
    np.testing.assert_allclose(
        maps.native_khw[0] * maps.notes["largest_value"][0], expected, atol=2e-5 * expected.max()
    )


class PoolingNamed(PooledChannels):
    """The same, but the embedding is taken before the last convolution: nothing depends on that."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        self.features(images_nchw)
        features: torch.Tensor = self.head(images_nchw.mean(dim=(2, 3)) @ torch.ones(3, 5))
        return features


class WithoutGradients(PooledChannels):
    """The same, behind a wall."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return super().forward(images_nchw)


@pytest.mark.parametrize("network", [PoolingNamed(), WithoutGradients()], ids=["idle layer", "no gradients"])
def test_a_layer_without_influence_is_refused(network: nn.Module) -> None:
    request = SaliencyRequest("q", random_pixels(1)[0], np.ones((1, 4), np.float32) / 2)
    with pytest.raises(BadSetting, match=r"'features', on which the embedding does not depend"):
        build("cosine", SimilarityScorer(network))([request])


def test_the_layers_closest_to_an_unknown_one_are_named() -> None:
    with pytest.raises(BadSetting, match=r"'0\.2\.conv9'; the closest layers are 0\.2\.conv"):
        build("cosine", small_scorer(), "0.2.conv9")
    with pytest.raises(BadSetting, match=r"found: 'nothing alike'\n"):
        build("cosine", small_scorer(), "nothing alike")


def test_unknown_layers_are_refused_with_the_networks_own() -> None:
    with pytest.raises(BadSetting, match=r"(?s)0\.0\.0, 0\.1\.conv1.*'0\.9'.*\[saliency\.grad_cam\] layer"):
        build("cosine", small_scorer(), "0.9")
    with pytest.raises(BadSetting, match=r"(?s)\[saliency\.similarity_attention\] layer"):
        build("siamese", small_scorer(), "")
    no_convolution = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE_PX**2, 2))
    with pytest.raises(BadSetting, match=r"(?s)none of this network.*the network's last one"):
        build("cosine", SimilarityScorer(no_convolution))


@pytest.mark.parametrize(("layer", "found"), [("1.0", r"2 axes|\(2, 256\)"), ("1", r"\(2, 12\)")])
def test_layers_without_places_are_refused(layer: str, found: str) -> None:
    scorer, requests = group()
    with pytest.raises(BadSetting, match=found):
        build("cosine", scorer, layer)(requests)


def test_too_few_negatives_are_refused() -> None:
    scorer, requests = group()
    few = replace(requests[0], negative_embeddings_kmd=requests[0].negative_embeddings_kmd[:, :1])
    assert build("triplet", scorer)([few])[0].native_khw.any()
    with pytest.raises(BadSetting, match=r"(?s)2 negatives for each reference.*found: 1"):
        build("quadruplet", scorer)([few])
    with pytest.raises(BadSetting, match="requests with negative_embeddings_kmd"):
        build("triplet", scorer)([replace(few, negative_embeddings_kmd=None)])


def test_masks_in_some_requests_only_are_refused() -> None:
    scorer, requests = group(with_masks=True)
    with pytest.raises(BadModel, match="1 of 2 with masks"):
        build("cosine", scorer)([requests[0], replace(requests[1], condition_masks_kd=None)])


def test_a_query_is_one_pass_and_batches_follow_the_scorer() -> None:
    scorer, requests = group()
    counting = CountingNetwork(scorer.network)
    found = build("quadruplet", SimilarityScorer(counting, batch_size=1))(requests)
    assert counting.images == sum(maps.gradient_passes for maps in found) == 2
    assert [shape[0] for shape in counting.batches] == [1, 1]
    assert_equal(found, expected_maps("small_residual", "quadruplet"))


def test_the_network_is_left_as_it_was() -> None:
    scorer, (_, requests) = unbiased_scorer(), group()
    before = [parameter.requires_grad for parameter in scorer.network.parameters()]
    build("cosine", scorer)(requests)
    assert [parameter.requires_grad for parameter in scorer.network.parameters()] == before
    assert any(before)
    assert not any(parameter.grad is not None for parameter in scorer.network.parameters())
    assert not any(module._forward_hooks for module in scorer.network.modules())


def test_a_map_that_is_negative_everywhere_is_all_0_and_says_so() -> None:
    scorer, requests = group()

    def nothing(query_pd: torch.Tensor, reference_pd: torch.Tensor, _negatives: torch.Tensor | None) -> torch.Tensor:
        return 0 * cosines(query_pd, reference_pd, None)

    found = build_layer_maps(LayerScore("any", None, nothing), scorer, SIZE_PX)(requests)
    assert all(not maps.display_khw.any() and not maps.notes["largest_value"].any() for maps in found)


@pytest.mark.parametrize("scores", [cosines, weighted_features])
def test_a_group_equals_its_queries_one_by_one(scores: Callable[..., torch.Tensor]) -> None:
    scorer, requests = group()
    generator = build_layer_maps(LayerScore("any", None, scores, 2), scorer, SIZE_PX)
    together = generator(requests)
    for request, maps in zip(requests, together, strict=True):
        np.testing.assert_allclose(generator([request])[0].native_khw, maps.native_khw, atol=LARGEST_DIFFERENCE)
