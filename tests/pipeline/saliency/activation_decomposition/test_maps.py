"""Activation decomposition against float64 loops: parts that sum to the score, heads that are no sum, and cost."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadSetting
from pipeline.saliency.activation_decomposition import cells as cells_module
from pipeline.saliency.activation_decomposition import contributions as contributions_module
from pipeline.saliency.activation_decomposition import maps as maps_module
from pipeline.saliency.activation_decomposition.cells import cell_embeddings
from pipeline.saliency.activation_decomposition.contributions import pairwise_contributions
from pipeline.saliency.activation_decomposition.declaration import DecompositionSpec
from pipeline.saliency.activation_decomposition.maps import build_activation_decomposition, check_model
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import activation_decomposition as oracle
from tests.oracles.layer_attention import enlarged
from tests.oracles.rise import normalised
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import SIZE_PX, CountingNetwork, random_pixels, small_scorer

NETWORKS = ("small_residual", "resnet18_three_stage")
# Of scores between -1 and 1, and of cells as a share of their largest value.
LARGEST_DIFFERENCE = 1e-5


@lru_cache
def group(network: str, with_masks: bool) -> tuple[SimilarityScorer, list[SaliencyRequest], list[np.ndarray]]:
    """Return a model, two queries with three references and with one, and the references' pixels."""
    scorer = small_scorer(network)
    requests, references = [], []
    for number, count in enumerate((3, 1)):
        pixels = random_pixels(count + 1, seed=10 + number)
        embeddings, masks = scorer.embed(pixels[1:]), None
        if with_masks:
            masks = np.random.default_rng(number).uniform(0, 2, (count, 12)).astype(np.float32)
            embeddings = project(embeddings, masks)
        requests.append(SaliencyRequest(f"query {number}", pixels[0], embeddings, masks))
        references.append(pixels[1:])
    return scorer, requests, references


def exact_cells(scorer: SimilarityScorer, pixels_hwc: np.ndarray) -> np.ndarray:
    """Return the oracle's cells (cell, D) of one of the pipeline's own networks."""
    trunk, head = copy.deepcopy(scorer.network).double().eval()
    with torch.no_grad():
        activations_cyx = trunk(torch.tensor(normalised(pixels_hwc))[None])[0].numpy()
    weights_dc, bias_d = (parameter.detach().numpy() for parameter in head[-1].parameters())
    channels = len(activations_cyx)
    found = oracle.mean_cells(activations_cyx, weights_dc[:, :channels])
    if weights_dc.shape[1] > channels:
        found = found + oracle.largest_cells(activations_cyx, weights_dc[:, channels:])
    return oracle.with_bias(found, bias_d)


@lru_cache
def expected(network: str, with_masks: bool) -> list[list[np.ndarray]]:
    """Return the oracle's contributions (query cell, reference cell) of each query and reference."""
    scorer, requests, references = group(network, with_masks)
    found = []
    for request, shown in zip(requests, references, strict=True):
        query, masks = exact_cells(scorer, request.pixels_hwc), request.condition_masks_kd
        found.append(
            [
                oracle.contributions(query, exact_cells(scorer, pixels), None if masks is None else masks[slot])
                for slot, pixels in enumerate(shown)
            ]
        )
    return found


def assert_maps_equal(results: list[SaliencyMaps], wanted: list[list[np.ndarray]]) -> None:
    for maps, of_query in zip(results, wanted, strict=True):
        for slot, contributions_uv in enumerate(of_query):
            native = contributions_uv.sum(axis=1).reshape(maps.native_khw.shape[1:])
            assert np.abs(maps.native_khw[slot] - native).max() <= LARGEST_DIFFERENCE
            assert np.abs(maps.display_khw[slot] - enlarged(native, SIZE_PX)).max() <= LARGEST_DIFFERENCE


@pytest.mark.parametrize("with_masks", [False, True], ids=["general", "conditions"])
@pytest.mark.parametrize("network", NETWORKS)
def test_maps_equal_the_oracle_and_sum_to_the_score(network: str, with_masks: bool) -> None:
    scorer, requests, _ = group(network, with_masks)
    results = build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)(requests)
    assert_maps_equal(results, expected(network, with_masks))
    for request, maps in zip(requests, results, strict=True):
        query = scorer.embed(request.pixels_hwc[None])
        for slot, reference in enumerate(request.reference_embeddings_kd):
            masks = request.condition_masks_kd
            own = query[0] if masks is None else project(query, masks[slot])[0]
            assert maps.native_khw[slot].sum() == pytest.approx(float(own @ reference), abs=LARGEST_DIFFERENCE)


def assert_contributions_equal(
    network: str,
    with_masks: bool,
    cells: Callable[..., np.ndarray] = cell_embeddings,
    contribute: Callable[..., contributions_module.PairwiseContributions] = pairwise_contributions,
) -> None:
    scorer, requests, references = group(network, with_masks)
    for request, shown, wanted in zip(requests, references, expected(network, with_masks), strict=True):
        every = cells(scorer, np.concatenate([request.pixels_hwc[None], shown]))
        exact = exact_cells(scorer, request.pixels_hwc)
        rows = every.reshape(len(every), -1, every.shape[3])
        assert np.abs(rows[0] - exact).max() <= LARGEST_DIFFERENCE * np.abs(exact).max()
        for slot, contributions_uv in enumerate(wanted):
            masks = request.condition_masks_kd
            found = contribute(rows[0], rows[slot + 1], None if masks is None else masks[slot])
            assert np.abs(found.contributions_uv - contributions_uv).max() <= LARGEST_DIFFERENCE
            assert np.abs(found.query_map_u - contributions_uv.sum(axis=1)).max() <= LARGEST_DIFFERENCE
            assert np.abs(found.reference_map_v - contributions_uv.sum(axis=0)).max() <= LARGEST_DIFFERENCE
            assert found.score == pytest.approx(contributions_uv.sum(), abs=LARGEST_DIFFERENCE)
            assert -1 - 1e-6 <= found.score <= 1 + 1e-6


@pytest.mark.parametrize("with_masks", [False, True], ids=["general", "conditions"])
@pytest.mark.parametrize("network", NETWORKS)
def test_contributions_of_pairs_of_cells_equal_the_oracle(network: str, with_masks: bool) -> None:
    assert_contributions_equal(network, with_masks)


def test_the_two_sides_agree() -> None:
    # Swapping query and reference turns P; the generator's map is the sum over the reference's cells.
    scorer, requests, references = group("small_residual", False)
    query, reference = cell_embeddings(scorer, np.stack([requests[0].pixels_hwc, references[0][0]])).reshape(2, -1, 12)
    one, other = pairwise_contributions(query, reference), pairwise_contributions(reference, query)
    np.testing.assert_allclose(one.contributions_uv, other.contributions_uv.T, atol=1e-12)
    np.testing.assert_allclose(one.reference_map_v, other.query_map_u, atol=1e-12)
    [maps, _] = build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)(requests)
    np.testing.assert_allclose(maps.native_khw[0].ravel(), one.query_map_u, atol=LARGEST_DIFFERENCE)


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        (cells_module, "from_bias_q[:, None, None] / cells_qyx[0].numel()", "from_bias_q[:, None, None]"),
        (cells_module, "torch.zeros_like(output)", "output"),
        (cells_module, "directions_qd[:, coordinate] = 1", "directions_qd[:, 0] = 1"),
        (contributions_module, "query_cells * condition_mask_d, reference_cells *", "query_cells, reference_cells *"),
        (contributions_module, "/ (query_norm * reference_norm)", "/ query_norm**2"),
        (contributions_module, "contributions_uv.sum(axis=1)", "contributions_uv.max(axis=1)"),
        (contributions_module, "contributions_uv.sum(axis=0)", "contributions_uv.sum(axis=1)"),
        (maps_module, "= masks_kd * references_kd / norms_k1", "= references_kd / norms_k1"),
        (maps_module, "(raw_d * masks_kd, dim=1, keepdim=True)", "(raw_d * masks_kd)"),
        (maps_module, "natives[query].append(cells_qyx[query])", "natives[query].append(cells_qyx[0])"),
        (maps_module, "directions[query][slot]", "directions[query][0]"),
        (maps_module, 'mode="bilinear", align_corners=False', 'mode="nearest"'),
        (maps_module, 'mode="bilinear", align_corners=False', 'mode="bilinear", align_corners=True'),
    ],
    ids=[
        "bias in every cell",
        "bias of the whole image",
        "one coordinate",
        "mask of one side",
        "one norm twice",
        "largest part",
        "other side",
        "mask forgotten",
        "one norm for all references",
        "first query's",
        "first reference's",
        "not smooth",
        "corners aligned",
    ],
)
def test_comparators_reject_broken_copies(tmp_path: Path, module: ModuleType, right: str, wrong: str) -> None:
    broken = broken_copy(module, tmp_path, right, wrong)
    scorer, requests, _ = group("small_residual", True)

    def compare() -> None:
        if module is maps_module:
            results = broken.build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)(requests)
            assert_maps_equal(results, expected("small_residual", True))
        elif module is cells_module:
            assert_contributions_equal("small_residual", True, cells=broken.cell_embeddings)
        else:
            assert_contributions_equal("small_residual", True, contribute=broken.pairwise_contributions)

    with pytest.raises((AssertionError, BadSetting)):
        compare()


class Head(nn.Module):
    """A convolution and a head of some kind after it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.kind = kind
        self.features = nn.Conv2d(3, 6, 3, 4)
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 5)
        self.flat = nn.Linear(6 * 8 * 8, 5)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        activations = torch.relu(self.features(images_nchw))
        pooled = activations.mean(dim=(2, 3))
        found: dict[str, Callable[[], torch.Tensor]] = {
            "mean": lambda: self.second(self.first(pooled)),
            "largest": lambda: self.second(self.first(functional.adaptive_max_pool2d(activations, 1).flatten(1))),
            "flat": lambda: self.flat(activations.flatten(1)),
            "unit norm": lambda: functional.normalize(self.second(self.first(pooled))),
            "two layers": lambda: self.second(torch.relu(self.first(pooled))),
            "generalised mean": lambda: self.second(self.first((activations**3).mean(dim=(2, 3)) ** (1 / 3))),
            "other way": lambda: self.second(self.first(torch.tile(images_nchw.mean(dim=(2, 3)), (1, 2)))),
        }
        return found[self.kind]()


@pytest.mark.parametrize("kind", ["mean", "largest", "flat", "generalised mean"])
def test_other_heads_that_are_sums_are_explained(kind: str) -> None:
    # The layer is before a rectifier, which passes or blocks each cell as a whole; its bias has no part in that.
    network = Head(kind).eval()
    scorer, pixels = SimilarityScorer(network), random_pixels(3)
    check_model(DecompositionSpec("features"), scorer, pixels)
    cells = cell_embeddings(scorer, pixels, "features")
    with torch.no_grad():
        raw = network(torch.tensor(np.stack([normalised(one) for one in pixels])).float()).numpy()
    np.testing.assert_allclose(cells.sum(axis=(1, 2)), raw, atol=1e-5)
    assert cells.shape == (3, 8, 8, 5)


@pytest.mark.parametrize("kind", ["unit norm", "two layers", "other way"])
def test_heads_that_are_no_sum_are_refused(kind: str) -> None:
    scorer, pixels = SimilarityScorer(Head(kind).eval()), random_pixels(3)
    message = r"(?s)the sum of what the layer's cells.*layer 'features'.*\[saliency\.activation_decomposition\] layer"
    with pytest.raises(BadSetting, match=message):
        check_model(DecompositionSpec(), scorer, pixels)
    request = SaliencyRequest("q", pixels[0], np.ones((1, 5), np.float32) / np.sqrt(np.float32(5)))
    with pytest.raises(BadSetting, match=message):
        build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)([request])


def test_a_layer_before_the_last_is_no_sum() -> None:
    scorer, (_, requests, _) = small_scorer(), group("small_residual", False)
    # Untrained batch norms add nothing; trained ones do, and a rectifier passes it on or not.
    for number, parameter in enumerate(scorer.network[0][3].parameters()):
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number))
    with pytest.raises(BadSetting, match=r"layer '0\.2'"):
        build_activation_decomposition(DecompositionSpec("0.2"), scorer, SIZE_PX)(requests)
    with pytest.raises(BadSetting, match=r"(?s)0\.0\.0, 0\.1\.conv1.*'0\.9'"):
        build_activation_decomposition(DecompositionSpec("0.9"), scorer, SIZE_PX)
    with pytest.raises(BadSetting, match=r"\(2, 12\)"):
        build_activation_decomposition(DecompositionSpec("1"), scorer, SIZE_PX)(requests)


def test_a_query_is_one_pass_and_a_group_one_more() -> None:
    scorer, requests, _ = group("small_residual", True)
    counting = CountingNetwork(scorer.network)
    results = build_activation_decomposition(DecompositionSpec(), SimilarityScorer(counting, batch_size=1), SIZE_PX)(
        requests
    )
    assert [(maps.forward_passes, maps.gradient_passes) for maps in results] == [(1, 1), (0, 1)]
    assert counting.images == 3
    assert_maps_equal(results, expected("small_residual", True))


def test_the_network_is_left_as_it_was() -> None:
    scorer, (_, requests, _) = small_scorer(), group("small_residual", False)
    before = [parameter.requires_grad for parameter in scorer.network.parameters()]
    build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)(requests)
    assert [parameter.requires_grad for parameter in scorer.network.parameters()] == before
    assert not any(module._forward_hooks for module in scorer.network.modules())


def test_a_mask_that_leaves_nothing_is_refused() -> None:
    scorer, requests, _ = group("small_residual", True)
    nothing = replace(requests[0], condition_masks_kd=np.zeros((3, 12), np.float32))
    with pytest.raises(Exception, match="finite and not zero"):
        build_activation_decomposition(DecompositionSpec(), scorer, SIZE_PX)([nothing])
    with pytest.raises(Exception, match="finite and not zero"):
        pairwise_contributions(np.ones((4, 12)), np.ones((4, 12)), np.zeros(12))
