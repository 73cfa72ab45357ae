"""Maps and curves under conditions: the projections' scores, from the passes of one set of perturbations."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.evaluation.curves import CurvePair
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.saliency import perturbed_embeddings
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.perturbed_embeddings import embed_perturbations, perturbed_scores
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.saliency.rise.masks import draw_masks
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as rise_oracle
from tests.oracles import type_aware as oracle
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

SPEC = RiseSpec(masks=60, seed=5)
QUERY = random_pixels(1, seed=1)[0]
MASKS = np.random.default_rng(7).uniform(0, 1.5, (4, 12)).astype(np.float32) ** 2


def request(scorer: SimilarityScorer, masks_kd: np.ndarray | None) -> SaliencyRequest:
    references = scorer.embed(random_pixels(4, seed=2))
    if masks_kd is not None:
        references = project(references, masks_kd)
    return SaliencyRequest("query", QUERY, references, masks_kd)


def test_maps_equal_one_condition_at_a_time() -> None:
    scorer = small_scorer()
    actual = display_maps(build_rise(SPEC, scorer, SIZE_PX), request(scorer, MASKS))
    draws = draw_masks(SPEC.seed, SPEC.masks, SPEC.grid_cells, SPEC.keep_probability, SIZE_PX)
    references = request(scorer, MASKS).reference_embeddings_kd
    raw = float64_embed(scorer.network)

    def under(mask: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        return lambda image: raw(image) * mask

    expected = [
        rise_oracle.maps(QUERY, reference[None], oracle_masks(draws), under(mask))[0]
        for mask, reference in zip(MASKS.astype(np.float64), references, strict=True)
    ]
    assert rise_oracle.worst_share_of_range(actual, np.stack(expected)) < 1e-3
    # Conditions matter, and so does which of them belongs to which reference.
    assert rise_oracle.worst_share_of_range(actual[[1, 0, 3, 2]], np.stack(expected)) > 0.05
    without = display_maps(build_rise(SPEC, scorer, SIZE_PX), SaliencyRequest("query", QUERY, references))
    assert rise_oracle.worst_share_of_range(without, np.stack(expected)) > 0.01


@pytest.mark.parametrize("conditions", [None, 1, 4, 300])
def test_passes_do_not_grow_with_conditions(conditions: int | None) -> None:
    counting = CountingNetwork(small_scorer().network)
    scorer = SimilarityScorer(counting, batch_size=25)
    generator = build_rise(SPEC, scorer, SIZE_PX)
    if conditions is None:
        given = request(scorer, None)
    else:
        masks = np.random.default_rng(0).uniform(0.1, 1, (conditions, 12)).astype(np.float32)
        references = project(np.ones((conditions, 12), np.float32), masks)
        given = SaliencyRequest("query", QUERY, references, masks)
    before = counting.images
    assert len(display_maps(generator, given)) == len(given.reference_embeddings_kd)
    assert counting.images - before == SPEC.masks


def test_without_conditions_scores_are_one_matrix_product_to_the_byte(tmp_path: Path) -> None:
    scorer = small_scorer()
    draws = draw_masks(0, 40, 8, 0.5, SIZE_PX)
    embeddings = embed_perturbations(scorer, QUERY, draws)
    plain = request(scorer, None)
    product = embeddings @ torch.tensor(plain.reference_embeddings_kd).T
    references = torch.tensor(plain.reference_embeddings_kd)
    assert perturbed_scores(embeddings, references, None).scores_nk.numpy().tobytes() == product.numpy().tobytes()
    # Masks of ones are the general embedding, but for rounding, which the comparison of bytes would notice.
    given = embeddings, references, torch.ones(4, 12)
    torch.testing.assert_close(perturbed_scores(*given).scores_nk, product, rtol=0, atol=1e-6)
    rounded = perturbed_scores(*given).scores_nk.numpy().tobytes()
    always = broken_copy(perturbed_embeddings, tmp_path, "if conditions_kd is None:", "if True:").perturbed_scores
    assert rounded != product.numpy().tobytes() == always(*given).scores_nk.numpy().tobytes()


def test_a_mask_that_leaves_nothing_is_refused() -> None:
    scorer = small_scorer()
    masks = MASKS.copy()
    given = request(scorer, masks)
    masks[2] = 0
    with pytest.raises(BadModel, match="(?s)60 of 240.*mask_weight"):
        display_maps(build_rise(SPEC, scorer, SIZE_PX), given)


class Projected(nn.Module):
    """Embeddings under one condition, for it alone."""

    def __init__(self, scorer: SimilarityScorer, mask_d: np.ndarray) -> None:
        super().__init__()
        self.scorer, self.mask_d = scorer, torch.tensor(mask_d)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        return self.scorer.embed_tensor(images_nchw) * self.mask_d


def curves(scorer: SimilarityScorer, given: SaliencyRequest, maps_khw: np.ndarray) -> list[CurvePair]:
    return faithfulness_of_query(
        scorer,
        QUERY,
        maps_khw,
        given.reference_embeddings_kd,
        (127, 127, 127),
        (0, "query"),
        steps=10,
        condition_masks_kd=given.condition_masks_kd,
    ).curves


def test_curves_are_those_of_the_projections() -> None:
    scorer = small_scorer()
    given = request(scorer, MASKS)
    maps = np.random.default_rng(0).random((4, SIZE_PX, SIZE_PX)).astype(np.float16)
    found = curves(scorer, given, maps)
    end = scorer.embed(QUERY[None])[0]
    blank = scorer.embed(np.full((1, SIZE_PX, SIZE_PX, 3), 127, np.uint8))[0]
    for curve, reference, mask in zip(found, given.reference_embeddings_kd, MASKS, strict=True):
        ends = [oracle.projection(vector.astype(np.float64), mask) @ reference for vector in (blank, end)]
        assert curve.insertion_curve[[0, -1]] == pytest.approx(ends, abs=1e-5)
        assert curve.deletion_curve[[-1, 0]] == pytest.approx(ends, abs=1e-5)
        assert end @ reference != pytest.approx(ends[1], abs=1e-3)

        number = next(k for k, other in enumerate(found) if other is curve)
        conditioned = SimilarityScorer(Projected(scorer, mask), batch_size=25)
        alone = faithfulness_of_query(
            conditioned, QUERY, maps[[number]], reference[None], (127, 127, 127), (0, "query"), steps=10
        ).curves[0]
        np.testing.assert_allclose(curve.insertion_curve, alone.insertion_curve, atol=1e-5)
        np.testing.assert_allclose(curve.deletion_curve, alone.deletion_curve, atol=1e-5)


def test_curves_of_one_ranking_share_their_passes_over_conditions() -> None:
    passes = []
    for masks in (None, MASKS):
        counting = CountingNetwork(small_scorer().network)
        scorer = SimilarityScorer(counting, batch_size=25)
        given = request(scorer, masks)
        before = counting.images
        one_map = np.random.default_rng(0).random((SIZE_PX, SIZE_PX))
        curves(scorer, given, np.stack([one_map] * 4))
        passes.append(counting.images - before)
    assert passes == [2 + 2 * 9] * 2
