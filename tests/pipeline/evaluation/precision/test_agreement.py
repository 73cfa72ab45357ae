"""What reduced precision changes in maps is measured beside another mask seed, and a coarse model is found out."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.evaluation.precision.agreement import (
    ComparedQuery,
    compare_precisions,
    map_error,
    top_lost,
    with_nearest_references,
)
from pipeline.evaluation.precision.verdict import BFLOAT16, FLOAT32, MapDifference, judge
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.saliency.small_models import random_pixels, small_scorer

SPEC = RiseSpec(masks=40, grid_cells=4, seed=5)
CANVAS = (127, 127, 127)


def queries(scorer: SimilarityScorer) -> list[ComparedQuery]:
    return with_nearest_references(scorer, [f"image {n}" for n in range(8)], random_pixels(8), queries=3, references=2)


def disturbed(scorer: SimilarityScorer, amount: float) -> SimilarityScorer:
    """Return the model with every weight off by some share of its size."""
    network = copy.deepcopy(scorer.network)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.mul_(1 + amount * torch.randn(weights.shape, generator=generator))
    return replace(scorer, network=network)


def test_the_same_model_changes_nothing_and_another_seed_does() -> None:
    scorer = small_scorer()
    agreement = compare_precisions(scorer, scorer, queries(scorer), SPEC, CANVAS)
    assert agreement.maps == 6
    assert agreement.reduced == MapDifference(0.0, 0.0, 0.0, 0.0)
    assert 0.05 < agreement.other_seed.error < 0.5
    assert 0.05 < agreement.other_seed.top_lost < 1
    assert agreement.other_seed.insertion_change > 0.001
    assert agreement.other_seed.deletion_change > 0.001


def test_bfloat16_passes_and_a_coarser_model_does_not() -> None:
    scorer = small_scorer()
    chosen = queries(scorer)
    coarse = compare_precisions(scorer, disturbed(scorer, 0.5), chosen, SPEC, CANVAS)
    assert judge(9.0, coarse).precision == FLOAT32
    half = compare_precisions(scorer, replace(scorer, precision="bfloat16"), chosen, SPEC, CANVAS)
    assert 0 < half.reduced.error < coarse.reduced.error
    assert judge(9.0, half).precision == BFLOAT16


def test_more_masks_leave_less_noise_to_hide_behind() -> None:
    scorer = small_scorer()
    few, many = (
        compare_precisions(scorer, scorer, queries(scorer), replace(SPEC, masks=masks), CANVAS).other_seed
        for masks in (20, 320)
    )
    assert many.error < 0.5 * few.error


def test_references_are_the_nearest_other_images() -> None:
    scorer = small_scorer()
    pixels = random_pixels(8)
    chosen = queries(scorer)
    assert [query.query_id for query in chosen] == ["image 0", "image 4", "image 7"]
    embeddings_nd = scorer.embed(pixels)
    scores_n = embeddings_nd @ embeddings_nd[4]
    nearest = [number for number in np.argsort(-scores_n).tolist() if number != 4][:2]
    assert np.array_equal(chosen[1].reference_pixels_khwc, pixels[nearest])


def test_few_images_make_few_queries() -> None:
    pixels = random_pixels(2)
    chosen = with_nearest_references(small_scorer(), ["a", "b"], pixels, queries=8, references=2)
    assert [query.query_id for query in chosen] == ["a", "b"]
    assert np.array_equal(chosen[0].reference_pixels_khwc, pixels[1:])


def test_error_is_a_share_of_the_first_maps_range() -> None:
    map_hw = np.array([[0.0, 1.0], [2.0, 4.0]], dtype=np.float32)
    assert map_error(map_hw, map_hw + 1) == pytest.approx(0.25)
    assert map_error(np.zeros((2, 2)), np.full((2, 2), 0.5)) == pytest.approx(0.5)
    assert map_error(map_hw, map_hw) == 0


def test_the_top_is_a_tenth_of_the_pixels() -> None:
    map_hw = np.arange(100, dtype=np.float32).reshape(10, 10)
    assert top_lost(map_hw, map_hw) == 0
    assert top_lost(map_hw, -map_hw) == 1
    # Three of the ten highest fall to the bottom.
    other = map_hw.copy()
    other.flat[-3:] = -1
    assert top_lost(map_hw, other) == pytest.approx(0.3)
    # What happens below the top does not count.
    below = map_hw.copy()
    below.flat[:90] = 0
    assert top_lost(map_hw, below) == 0
