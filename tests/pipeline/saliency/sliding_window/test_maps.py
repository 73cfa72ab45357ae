"""Sliding windows against the float64 oracle, in worlds with a known answer, and their cost in passes."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.saliency.perturbations import GivenMasks
from pipeline.saliency.sliding_window import maps as sliding_window
from pipeline.saliency.sliding_window.maps import (
    SlidingWindowSpec,
    build_sliding_window,
    build_sliding_window_with_masks,
    mean_drops,
)
from pipeline.saliency.sliding_window.windows import window_grid
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as rise_oracle
from tests.oracles import sliding_window as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    CountingNetwork,
    display_maps,
    float64_embed,
    random_pixels,
    small_scorer,
)

SPEC = SlidingWindowSpec(windows_per_side=13)
AUTHORS = SlidingWindowSpec(windows_per_side=13, geometry="authors_code")
LARGEST_SHARE_OF_RANGE = 1e-4


def request_for(scorer: SimilarityScorer, references: int = 2) -> SaliencyRequest:
    pixels = random_pixels(references + 1, seed=6)
    return SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))


@lru_cache
def expected_case(network: str) -> tuple[SimilarityScorer, SaliencyRequest, np.ndarray]:
    scorer = small_scorer(network)
    request = request_for(scorer)
    masks = oracle.masks(13, oracle.PAPERS_SIDE, 3, SIZE_PX)
    embed = float64_embed(scorer.network)
    return scorer, request, oracle.maps(request.pixels_hwc, request.reference_embeddings_kd, masks, embed)


def assert_equals_oracle(network: str, build: Callable[..., SaliencyGenerator] = build_sliding_window) -> None:
    scorer, request, expected = expected_case(network)
    actual = display_maps(build(SPEC, scorer, SIZE_PX), request)
    assert rise_oracle.worst_share_of_range(actual, expected) <= LARGEST_SHARE_OF_RANGE


@pytest.mark.parametrize("network", ["small_residual", "resnet18_three_stage"])
def test_maps_equal_the_oracle(network: str) -> None:
    assert_equals_oracle(network)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(whole_k.double() - scores_nk.double())", "(scores_nk.double() - whole_k.double())"),
        ("(whole_k.double() - scores_nk.double())", "(scores_nk.double().mean(dim=0) - scores_nk.double())"),
        ("scores_nk[:-1], scores_nk[-1]", "scores_nk[:-1], scores_nk[-1].flip(0)"),
        ("removed = 1 - masks.render", "removed = masks.render"),
        ("(sums / coverage_hw.flatten())", "(sums / len(masks))"),
        (".reshape(-1, size, size)", ".reshape(-1, size, size).mT"),
        ("drops_kn[:, start:stop]", "drops_kn[:, : stop - start]"),
        ("total += (1 - rendered)", "total += rendered"),
        ("side, QUERY_WINDOWS_AT_THE_EDGE", "side, REFERENCE_WINDOWS_AT_THE_EDGE"),
    ],
    ids=[
        "sign",
        "centred",
        "references swapped",
        "kept for removed",
        "coverage not divided",
        "x and y swapped",
        "first scores only",
        "coverage of the kept",
        "no overhang",
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(sliding_window, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle("small_residual", broken.build_sliding_window)


def assert_equals_authors_geometry(build: Callable[..., SaliencyGenerator]) -> None:
    scorer = small_scorer()
    request = request_for(scorer)
    masks = oracle.masks(13, oracle.AUTHORS_SIDE, 3, SIZE_PX)
    embedded = rise_oracle.embeddings(request.pixels_hwc, masks, float64_embed(scorer.network))
    [found] = build(AUTHORS, scorer, SIZE_PX)([request])
    assert found.native_khw.shape == (2, 13, 13)
    assert found.forward_passes == 169
    for number, reference in enumerate(request.reference_embeddings_kd.astype(np.float64)):
        grid = 1 - np.array([vector @ reference for vector in embedded]).reshape(13, 13)
        np.testing.assert_allclose(found.native_khw[number], grid, atol=2e-6)
        np.testing.assert_allclose(found.display_khw[number], oracle.enlarged_bilinearly(grid, SIZE_PX), atol=2e-6)
    assert np.ptp(found.native_khw, axis=(1, 2)).min() > 1e-3


def test_the_authors_geometry_enlarges_a_grid_of_one_minus_the_score() -> None:
    assert_equals_authors_geometry(build_sliding_window)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(1 - scores.scores_nk.T)", "(-scores.scores_nk.T)"),
        ("reshape(-1, side, side)\n", "reshape(-1, side, side).mT\n"),
        ("align_corners=False", "align_corners=True"),
        ('mode="bilinear"', 'mode="bicubic"'),
    ],
    ids=["without 1", "x and y swapped", "corners aligned", "bicubic"],
)
def test_that_comparator_rejects_broken_copies_too(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(sliding_window, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_authors_geometry(broken.build_sliding_window)


def test_a_linear_scorer_gets_its_exact_answer() -> None:
    # A score that is a weighted sum of pixels drops by the weights that a window holds: window sums, averaged again.
    weights = np.random.default_rng(2).normal(size=(SIZE_PX, SIZE_PX))
    grid = window_grid(13, 39, 3, SIZE_PX)
    removed = 1 - grid.render(0, len(grid)).numpy().astype(np.float64)
    scores = torch.tensor(weights.sum() - (removed * weights).sum(axis=(1, 2)))[:, None].float()
    coverage = torch.tensor(removed.sum(axis=0))
    actual = mean_drops(scores, torch.tensor([weights.sum()]).float(), grid, coverage)[0].numpy()
    along = removed.reshape(13, 13, SIZE_PX, SIZE_PX)[:, 6].max(axis=2)  # (window, y)
    covered = along.sum(axis=0)
    smooth = along.T @ along
    expected = smooth @ weights @ smooth / np.outer(covered, covered)
    np.testing.assert_allclose(actual, expected, atol=1e-4 * np.ptp(expected))


class OnePixel(nn.Module):
    """Embeds an image on the unit circle by the brightness of a single pixel."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        angle = 0.3 * images_nchw[:, :, 5, 22].mean(dim=1)
        return torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)


def test_the_drop_is_whole_at_the_only_pixel_that_matters() -> None:
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 250, dtype=np.uint8)
    scorer = SimilarityScorer(OnePixel())
    reference = scorer.embed(pixels[None])
    [found] = build_sliding_window(SlidingWindowSpec(), scorer, SIZE_PX)([SaliencyRequest("query", pixels, reference)])
    [saliency] = found.display_khw
    blank = scorer.embed_tensor(torch.zeros(1, 3, SIZE_PX, SIZE_PX))[0].numpy()
    # Every window over the pixel takes it away, and with it the same part of the score.
    assert saliency.max() == pytest.approx(1 - blank @ reference[0], abs=1e-6)
    assert saliency[5, 22] == pytest.approx(saliency.max(), abs=1e-6)
    assert np.quantile(saliency, 0.9) < 0.9 * saliency.max()
    assert saliency[25, 5] == pytest.approx(0, abs=1e-7)


def test_passes_are_one_a_window_and_one_for_the_whole() -> None:
    counting = CountingNetwork(small_scorer().network)
    scorer = SimilarityScorer(counting, batch_size=25)
    request = request_for(scorer, references=5)
    counting.batches.clear()
    [found] = build_sliding_window(SlidingWindowSpec(), scorer, SIZE_PX)([request])
    assert counting.images == found.forward_passes == 626
    assert len(found.display_khw) == 5
    assert max(shape[0] for shape in counting.batches) == 25


def test_given_masks_equal_an_oracle() -> None:
    scorer = small_scorer()
    request = request_for(scorer)
    masks = np.random.default_rng(8).random((30, SIZE_PX, SIZE_PX))
    masks[:, 3:5, 7] = 1  # two pixels that no mask ever touches
    expected = oracle.maps(request.pixels_hwc, request.reference_embeddings_kd, masks, float64_embed(scorer.network))
    [found] = build_sliding_window_with_masks(GivenMasks(masks), scorer)([request])
    assert rise_oracle.worst_share_of_range(found.display_khw, expected) <= LARGEST_SHARE_OF_RANGE
    assert not found.display_khw[:, 3:5, 7].any()
    assert found.forward_passes == 31


def test_an_unknown_geometry_is_refused() -> None:
    with pytest.raises(BadSetting, match=r"papers, authors_code[\s\S]*'paper'"):
        build_sliding_window(SlidingWindowSpec(geometry="paper"), small_scorer(), SIZE_PX)
