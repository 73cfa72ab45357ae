"""RISE maps against the float64 oracle, in a world with a known answer, and their cost in passes."""

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import nn

from pipeline.errors import BadModel, BadSetting
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise import maps as rise
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise, reduce_scores
from pipeline.saliency.rise.masks import MaskDraws, draw_masks, render_masks
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    CountingNetwork,
    display_maps,
    float64_embed,
    oracle_masks,
    random_pixels,
    small_scorer,
)

SPEC = RiseSpec(masks=120, seed=4)
LARGEST_SHARE_OF_RANGE = 1e-5


def request_for(scorer: SimilarityScorer, references: int = 3) -> SaliencyRequest:
    pixels = random_pixels(references + 1, seed=6)
    return SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))


@lru_cache
def expected_case(network: str) -> tuple[SimilarityScorer, SaliencyRequest, np.ndarray]:
    """Return a model, a request and the oracle's maps."""
    scorer = small_scorer(network)
    request = request_for(scorer)
    draws = draw_masks(SPEC.seed, SPEC.masks, SPEC.grid_cells, SPEC.keep_probability, SIZE_PX)
    embed = float64_embed(scorer.network)
    maps = oracle.maps(request.pixels_hwc, request.reference_embeddings_kd, oracle_masks(draws), embed)
    return scorer, request, maps


def assert_equals_oracle(network: str, build: Callable[..., Callable[..., np.ndarray]] = build_rise) -> None:
    scorer, request, expected = expected_case(network)
    actual = display_maps(build(SPEC, scorer, SIZE_PX), request)
    assert actual.shape == (3, SIZE_PX, SIZE_PX)
    assert actual.dtype == np.float32
    assert oracle.worst_share_of_range(actual, expected) <= LARGEST_SHARE_OF_RANGE


@pytest.mark.parametrize("network", ["small_residual", "resnet18_three_stage"])
def test_maps_equal_the_oracle(network: str) -> None:
    assert_equals_oracle(network)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(scores_double - scores_double.mean(dim=0))", "(scores_double.mean(dim=0) - scores_double)"),
        ("(scores_double - scores_double.mean(dim=0))", "scores_double"),
        ("(scores_double - scores_double.mean(dim=0))", "(scores_double - scores_double.mean(dim=1, keepdim=True))"),
        ("(sums / coverage_hw.flatten())", "sums"),
        ("(sums / coverage_hw.flatten())", "(sums / (len(masks) * 0.5))"),
        (".unflatten(1, (size, size))", ".unflatten(1, (size, size)).mT"),
        ("centred_kn[:, start:stop]", "centred_kn.roll(1, 1)[:, start:stop]"),
        ("centred_kn[:, start:stop]", "centred_kn[:, : stop - start]"),
        ("reduce_scores(scores, masks,", "reduce_scores(scores.flip(1), masks,"),
    ],
    ids=[
        "sign",
        "not centred",
        "centred over references",
        "coverage not divided",
        "divided by N p",
        "x and y swapped",
        "mask off by one",
        "first scores only",
        "references swapped",
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(rise, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle("small_residual", broken.build_rise)


def high_offset_case() -> tuple[np.ndarray, MaskDraws, torch.Tensor]:
    """Return scores around 0.99 (a query and its near duplicate), whose differences sit in the third digit."""
    draws = draw_masks(0, 500, 8, 0.5, SIZE_PX)
    scores = (0.99 + 1e-3 * np.random.default_rng(0).normal(size=(500, 2))).astype(np.float32)
    return scores, draws, torch.tensor(oracle_masks(draws).sum(axis=0))


def share_of_range_at_high_offset(reduce: Callable[..., torch.Tensor], level: bool = False) -> float:
    scores, draws, coverage = high_offset_case()
    expected = [oracle.map_of_scores(column, oracle_masks(draws)) for column in scores.T]
    actual = reduce(torch.tensor(scores), draws, coverage).numpy().astype(np.float64)
    if level:
        actual -= (actual - expected).mean(axis=(1, 2), keepdims=True)
    return oracle.worst_share_of_range(actual, np.stack(expected))


def test_a_high_base_similarity_does_not_show_in_the_map() -> None:
    assert share_of_range_at_high_offset(reduce_scores) <= LARGEST_SHARE_OF_RANGE


def test_scores_are_centred_before_they_are_summed(tmp_path: Path) -> None:
    # The pattern of a map, its constant offset aside: centring afterwards would be too late in float32.
    assert share_of_range_at_high_offset(reduce_scores, level=True) <= LARGEST_SHARE_OF_RANGE
    late = broken_copy(rise, tmp_path, "(scores_double - scores_double.mean(dim=0))", "scores_double")
    assert share_of_range_at_high_offset(late.reduce_scores, level=True) > 5 * LARGEST_SHARE_OF_RANGE


def test_a_linear_scorer_gets_its_exact_answer() -> None:
    # All 512 grids of 3 x 3 cells at one shift, scored by a weighted sum of cells: the cells are independent, so
    # the map is cov(s, M) / mean M = (1 - p) times the weights, enlarged and cropped as the masks are.
    grids = np.array(list(product([False, True], repeat=9))).reshape(-1, 3, 3)
    shift = np.array([2, 1])
    draws = MaskDraws(grids, np.tile(shift, (len(grids), 1)), cell_size_px=4, image_size_px=12)
    cell_weights = np.random.default_rng(1).normal(size=(3, 3))
    scores = torch.tensor((grids * cell_weights).sum(axis=(1, 2)), dtype=torch.float32)[:, None]
    coverage = render_masks(draws, 0, len(draws)).sum(dim=0, dtype=torch.float64)
    actual = reduce_scores(scores, draws, coverage)[0].numpy()
    np.testing.assert_allclose(actual, 0.5 * oracle.mask(cell_weights, shift, 4, 12), atol=1e-6)


class OnePixel(nn.Module):
    """Embeds an image on the unit circle by the brightness of a single pixel."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        angle = 0.3 * images_nchw[:, :, 5, 22].mean(dim=1)
        return torch.stack([torch.sin(angle), torch.cos(angle)], dim=1)


def test_the_map_peaks_at_the_only_pixel_that_matters() -> None:
    pixels = np.full((SIZE_PX, SIZE_PX, 3), 250, dtype=np.uint8)
    brighter, darker = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    generator = build_rise(RiseSpec(masks=1500, seed=1), SimilarityScorer(OnePixel()), SIZE_PX)
    toward, away = display_maps(generator, SaliencyRequest("query", pixels, np.stack([brighter, darker])))
    peak_y, peak_x = np.unravel_index(toward.argmax(), toward.shape)
    assert abs(peak_y - 5) <= 3
    assert abs(peak_x - 22) <= 3
    np.testing.assert_allclose(away, -toward, atol=1e-7)


def test_five_references_cost_as_many_passes_as_one() -> None:
    counting = CountingNetwork(small_scorer().network)
    scorer = SimilarityScorer(counting, batch_size=25)
    request = request_for(scorer, references=5)
    generator = build_rise(SPEC, scorer, SIZE_PX)
    passes = []
    for references in (1, 5):
        counting.batches.clear()
        embeddings = request.reference_embeddings_kd[:references]
        maps = display_maps(generator, SaliencyRequest("query", request.pixels_hwc, embeddings))
        assert maps.shape[0] == references
        passes.append(counting.images)
    assert passes == [SPEC.masks, SPEC.masks]
    assert counting.dtypes == {torch.float32}


def test_each_map_belongs_to_its_reference() -> None:
    scorer = small_scorer()
    request = request_for(scorer, references=4)
    generator = build_rise(SPEC, scorer, SIZE_PX)
    maps = display_maps(generator, request)
    order = [2, 0, 3, 1]
    permuted = display_maps(
        generator, SaliencyRequest("query", request.pixels_hwc, request.reference_embeddings_kd[order])
    )
    assert oracle.worst_share_of_range(permuted, maps[order].astype(np.float64)) <= LARGEST_SHARE_OF_RANGE
    alone = display_maps(generator, SaliencyRequest("query", request.pixels_hwc, request.reference_embeddings_kd[2:3]))
    assert oracle.worst_share_of_range(alone, maps[2:3].astype(np.float64)) <= LARGEST_SHARE_OF_RANGE
    assert np.abs(maps[0] - maps[1]).max() > 1e-4


def test_the_same_request_returns_the_same_bytes() -> None:
    scorer = small_scorer()
    request = request_for(scorer)
    first = display_maps(build_rise(SPEC, scorer, SIZE_PX), request)
    assert display_maps(build_rise(SPEC, scorer, SIZE_PX), request).tobytes() == first.tobytes()
    other_seed = RiseSpec(masks=SPEC.masks, seed=SPEC.seed + 1)
    assert np.abs(display_maps(build_rise(other_seed, scorer, SIZE_PX), request) - first).max() > 1e-4


def test_the_batch_size_changes_rounding_only() -> None:
    request = request_for(small_scorer())
    first = display_maps(build_rise(SPEC, small_scorer(batch_size=7), SIZE_PX), request)
    second = display_maps(build_rise(SPEC, small_scorer(batch_size=120), SIZE_PX), request)
    assert oracle.worst_share_of_range(first, second.astype(np.float64)) <= LARGEST_SHARE_OF_RANGE


def small_case(seed: int, n_masks: int, references: int) -> tuple[np.ndarray, MaskDraws, torch.Tensor]:
    draws = draw_masks(seed, n_masks, 4, 0.5, 16)
    scores = np.random.default_rng(seed).uniform(-1, 1, (n_masks, references)).astype(np.float32)
    return scores, draws, torch.tensor(oracle_masks(draws).sum(axis=0)).clamp_min(1e-12)


@given(seed=st.integers(0, 10_000), n_masks=st.integers(2, 250), references=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_reduction_equals_the_oracle(seed: int, n_masks: int, references: int) -> None:
    scores, draws, coverage = small_case(seed, n_masks, references)
    actual = reduce_scores(torch.tensor(scores), draws, coverage).numpy()
    for one, column in zip(actual, scores.T, strict=True):
        np.testing.assert_allclose(one, oracle.map_of_scores(column, oracle_masks(draws)), atol=2e-6)


@given(constant=st.floats(-1, 1, width=32), n_masks=st.integers(1, 250))
@settings(max_examples=25, deadline=None)
def test_a_constant_score_gives_a_zero_map(constant: float, n_masks: int) -> None:
    _, draws, coverage = small_case(1, n_masks, 1)
    actual = reduce_scores(torch.full((n_masks, 2), constant), draws, coverage)
    # The mean of equal float32 scores may itself be off by a few units in the last place.
    assert float(actual.abs().max()) <= 1e-6


@given(seed=st.integers(0, 10_000), scale=st.floats(-0.5, 0.5), offset=st.floats(-0.5, 0.5))
@settings(max_examples=25, deadline=None)
def test_maps_are_linear_in_the_scores_and_blind_to_their_offset(seed: int, scale: float, offset: float) -> None:
    scores, draws, coverage = small_case(seed, 60, 2)
    plain = reduce_scores(torch.tensor(scores), draws, coverage).numpy()
    moved = (scores.astype(np.float64) * scale + offset).astype(np.float32)
    np.testing.assert_allclose(reduce_scores(torch.tensor(moved), draws, coverage).numpy(), plain * scale, atol=2e-6)


def test_a_pixel_that_no_mask_shows_has_no_evidence() -> None:
    grids = np.zeros((4, 8, 8), dtype=bool)
    grids[:, 0, 0] = True
    draws = MaskDraws(grids, np.zeros((4, 2), dtype=np.int64), 4, SIZE_PX)
    coverage = torch.tensor(oracle_masks(draws).sum(axis=0)).clamp_min(1e-12)
    actual = reduce_scores(torch.tensor([[0.0], [1.0], [0.0], [1.0]]), draws, coverage).numpy()
    assert np.isfinite(actual).all()
    assert not actual[0, 20:, 20:].any()


def test_bad_settings_are_refused_before_any_pass() -> None:
    with pytest.raises(BadSetting, match="masks 0"):
        build_rise(RiseSpec(masks=0), small_scorer(), SIZE_PX)


def test_balanced_regression_agrees_with_many_masks_of_the_papers() -> None:
    scorer = small_scorer()
    request = request_for(scorer)
    many = display_maps(build_rise(RiseSpec(masks=3000, seed=9), scorer, SIZE_PX), request)

    def rank_correlation(spec: RiseSpec) -> float:
        maps = display_maps(build_rise(spec, scorer, SIZE_PX), request)
        pairs = zip(maps, many, strict=True)
        return float(np.mean([spearmanr(one.ravel(), other.ravel()).statistic for one, other in pairs]))

    few = [rank_correlation(RiseSpec(masks=200, scheme=scheme, seed=1)) for scheme in ("papers", "balanced_regression")]
    assert few[1] > few[0] + 0.02
    assert few[1] > 0.7


def test_an_unknown_scheme_and_odd_balanced_masks_are_refused() -> None:
    with pytest.raises(BadSetting, match="one of papers, balanced_regression"):
        build_rise(RiseSpec(scheme="sobol"), small_scorer(), SIZE_PX)
    with pytest.raises(BadSetting, match="an even number of masks"):
        build_rise(RiseSpec(masks=21, scheme="balanced_regression"), small_scorer(), SIZE_PX)


def test_a_reference_embedding_of_nan_is_refused() -> None:
    request = SaliencyRequest("the query", random_pixels(1)[0], np.full((2, 12), np.nan, dtype=np.float32))
    with pytest.raises(BadModel, match="(?s)8 of 8 that are not.*query the query, the references' embeddings"):
        display_maps(build_generator("rise", "fixed", {"masks": 4}, 0, small_scorer(), SIZE_PX), request)
