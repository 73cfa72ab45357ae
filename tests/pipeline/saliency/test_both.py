"""Mode both: N + M passes give what N x M scores give."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadModel, BadSetting
from pipeline.randomness import derive_seed
from pipeline.saliency import perturbed_embeddings
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.declaration import BOTH
from pipeline.saliency.perturbations import GivenMasks, MaskSource
from pipeline.saliency.perturbed_embeddings import PerturbedScores, perturbed_query_scores
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise, build_rise_with_masks
from pipeline.saliency.rise.masks import draw_masks
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.maps import build_sliding_window
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as rise_oracle
from tests.oracles import sliding_window as window_oracle
from tests.oracles.masked_pairs import mean_scores
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

RISE = RiseSpec(masks=40, reference_masks=9, seed=3)
WINDOWS = SlidingWindowSpec(windows_per_side=13, reference_windows_per_side=4)
PIXELS = random_pixels(4, seed=12)
CONDITIONS = np.random.default_rng(7).uniform(0, 1.5, (3, 12)).astype(np.float32) ** 2
LARGEST_SHARE_OF_RANGE = 1e-4


def request_for(scorer: SimilarityScorer, conditions_kd: np.ndarray | None) -> SaliencyRequest:
    references = scorer.embed(PIXELS[1:])
    if conditions_kd is not None:
        references = project(references, conditions_kd)
    return SaliencyRequest("query", PIXELS[0], references, conditions_kd, ("a", "b", "c"), PIXELS[1:])


def rise_masks(seed: int, number: int) -> np.ndarray:
    return oracle_masks(draw_masks(seed, number, RISE.grid_cells, RISE.keep_probability, SIZE_PX))


QUERY_MASKS = rise_masks(RISE.seed, RISE.masks)
REFERENCE_MASKS = rise_masks(derive_seed(RISE.seed, "reference masks"), RISE.reference_masks)


def all_pairs(query_masks: np.ndarray, reference_masks: np.ndarray, conditions_kd: np.ndarray | None) -> np.ndarray:
    """Return the oracle's mean scores (mask, reference)."""
    embed = float64_embed(small_scorer().network)
    columns = []
    for number, reference in enumerate(PIXELS[1:]):
        condition = None if conditions_kd is None else conditions_kd[number].astype(np.float64)
        columns.append(mean_scores(PIXELS[0], reference, query_masks, reference_masks, embed, condition))
    return np.stack(columns, axis=1)


@lru_cache
def expected_scores(conditioned: bool) -> np.ndarray:
    return all_pairs(QUERY_MASKS, REFERENCE_MASKS, CONDITIONS if conditioned else None)


Scores = Callable[[SimilarityScorer, SaliencyRequest, MaskSource, MaskSource], PerturbedScores]


def assert_scores_equal_all_pairs(conditioned: bool, score: Scores = perturbed_query_scores) -> None:
    scorer = small_scorer()
    query, reference = GivenMasks(QUERY_MASKS), GivenMasks(REFERENCE_MASKS)
    found = score(scorer, request_for(scorer, CONDITIONS if conditioned else None), query, reference)
    np.testing.assert_allclose(found.scores_nk.numpy(), expected_scores(conditioned), atol=2e-5)


@pytest.mark.parametrize("conditioned", [False, True], ids=["general", "conditions"])
def test_scores_equal_the_mean_over_all_pairs_of_masks(conditioned: bool) -> None:
    assert_scores_equal_all_pairs(conditioned)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("embeddings_kmd.mean(dim=1)", "torch.nn.functional.normalize(embeddings_kmd.mean(dim=1), dim=1)"),
        ("embeddings_kmd = embeddings_kmd / norms_km1", "pass"),
        ("embeddings_kmd * conditions_kd[:, None]", "embeddings_kmd * conditions_kd.flip(0)[:, None]"),
        ("embeddings_kmd.mean(dim=1)", "embeddings_kmd[:, 0]"),
        ("_mix(rendered, images_bhv[image],", "_mix(rendered, images_bhv[0],"),
        ("references_kd, norms_km1 = mean_", "_, norms_km1 = mean_"),
    ],
    ids=[
        "mean made unit",
        "projections not unit",
        "conditions swapped",
        "first mask only",
        "first reference only",
        "reference as it is",
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(perturbed_embeddings, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_scores_equal_all_pairs(True, broken.perturbed_query_scores)


@pytest.mark.parametrize("conditions", [None, CONDITIONS], ids=["general", "conditions"])
def test_rise_equals_the_oracle_of_all_pairs(conditions: np.ndarray | None) -> None:
    scorer = small_scorer()
    scores = expected_scores(conditions is not None)
    expected = np.stack([rise_oracle.map_of_scores(column, QUERY_MASKS) for column in scores.T])
    request = request_for(scorer, conditions)
    found = display_maps(build_rise(RISE, scorer, SIZE_PX, BOTH), request)
    assert rise_oracle.worst_share_of_range(found, expected) <= LARGEST_SHARE_OF_RANGE
    fixed = display_maps(build_rise(RISE, scorer, SIZE_PX), request)
    assert rise_oracle.worst_share_of_range(fixed, expected) > 0.01
    given = build_rise_with_masks(GivenMasks(QUERY_MASKS), scorer, GivenMasks(REFERENCE_MASKS))
    assert rise_oracle.worst_share_of_range(display_maps(given, request), expected) <= LARGEST_SHARE_OF_RANGE


@pytest.mark.parametrize("conditions", [None, CONDITIONS], ids=["general", "conditions"])
def test_sliding_window_equals_the_oracle_of_all_pairs(conditions: np.ndarray | None) -> None:
    scorer = small_scorer()
    masks = window_oracle.masks(13, window_oracle.PAPERS_SIDE, 3, SIZE_PX)
    of_references = window_oracle.masks(4, window_oracle.PAPERS_SIDE, 1, SIZE_PX)
    whole = np.ones((1, SIZE_PX, SIZE_PX))
    scores = all_pairs(np.concatenate([masks, whole]), of_references, conditions)
    expected = np.stack([window_oracle.mean_drops(column[-1], column[:-1], masks) for column in scores.T])
    found = display_maps(build_sliding_window(WINDOWS, scorer, SIZE_PX, BOTH), request_for(scorer, conditions))
    assert rise_oracle.worst_share_of_range(found, expected) <= LARGEST_SHARE_OF_RANGE


@pytest.mark.parametrize("batch_size", [1, 8, 25, 1000])
def test_passes_add_up_and_do_not_multiply(batch_size: int) -> None:
    counting = CountingNetwork(small_scorer().network)
    scorer = SimilarityScorer(counting, batch_size=batch_size)
    request = request_for(scorer, None)
    first = None
    for build, spec, query, pair in (
        (build_rise, RISE, 40, 9),
        (build_sliding_window, WINDOWS, 13 * 13 + 1, 4 * 4),
    ):
        generator = build(spec, scorer, SIZE_PX, BOTH)  # type: ignore[operator]
        counting.batches.clear()
        [found] = generator([request])
        assert counting.images == found.forward_passes == query + 3 * pair
        assert max(shape[0] for shape in counting.batches) <= batch_size
        # References share their batches: 3 x 9 masks of a batch size of 25 are two batches, not three.
        assert len(counting.batches) == -(-query // batch_size) - (-(3 * pair) // batch_size)
        first = found if first is None else first
    assert first is not None
    expected = display_maps(build_rise(RISE, small_scorer(), SIZE_PX, BOTH), request)
    np.testing.assert_allclose(first.display_khw, expected, atol=2e-6)


def test_references_are_masked_by_other_draws_than_the_query() -> None:
    assert len(REFERENCE_MASKS) == 9
    assert np.abs(REFERENCE_MASKS - QUERY_MASKS[:9]).mean() > 0.1
    other = rise_masks(derive_seed(RISE.seed + 1, "reference masks"), 9)
    assert np.abs(REFERENCE_MASKS - other).mean() > 0.1


def test_each_map_belongs_to_its_reference() -> None:
    scorer = small_scorer()
    request = request_for(scorer, None)
    maps = display_maps(build_rise(RISE, scorer, SIZE_PX, BOTH), request)
    swapped = SaliencyRequest(
        "query", PIXELS[0], request.reference_embeddings_kd, None, ("c", "b", "a"), PIXELS[[3, 2, 1]]
    )
    found = display_maps(build_rise(RISE, scorer, SIZE_PX, BOTH), swapped)
    np.testing.assert_allclose(found, maps[::-1], atol=1e-6)
    assert np.abs(maps[0] - maps[2]).max() > 1e-4


def test_requests_without_reference_pixels_are_refused() -> None:
    scorer = small_scorer()
    request = SaliencyRequest("query", PIXELS[0], scorer.embed(PIXELS[1:]))
    with pytest.raises(BadSetting, match="reference_pixels_khwc"):
        build_rise(RISE, scorer, SIZE_PX, BOTH)([request])


def test_a_condition_that_leaves_nothing_of_a_reference_is_refused() -> None:
    scorer = small_scorer()
    conditions = CONDITIONS.copy()
    request = request_for(scorer, conditions)
    conditions[1] = 0
    with pytest.raises(BadModel, match="9 of 27"):
        build_rise(RISE, scorer, SIZE_PX, BOTH)([request])
