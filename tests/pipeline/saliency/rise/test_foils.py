"""Maps against foils: the float64 oracle, conditions, the passes that they take, and requests that lack foils."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise import foils as against
from pipeline.saliency.rise.declaration import FOIL, RiseSpec
from pipeline.saliency.rise.foils import against_foils
from pipeline.saliency.rise.maps import build_rise, query_masks
from pipeline.similarity.conditions import project
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

SPEC = RiseSpec(masks=60, foils=3, seed=4)
REFERENCES = 3
LARGEST_SHARE_OF_RANGE = 1e-5
CONDITIONS = np.random.default_rng(7).uniform(0, 1.5, (REFERENCES, 12)).astype(np.float32) ** 2

Contrast = Callable[[SaliencyGenerator, int], SaliencyGenerator]


@lru_cache
def case(with_conditions: bool) -> tuple[SimilarityScorer, SaliencyRequest, np.ndarray]:
    """Return a model, a request with one negative more than there are foils, and the oracle's maps."""
    scorer = small_scorer()
    given = SPEC.foils + 1
    pixels = random_pixels(1 + REFERENCES * (1 + given), seed=6)
    embeddings = scorer.embed(pixels[1:])
    if with_conditions:
        embeddings = project(embeddings, np.tile(CONDITIONS, (1 + given, 1)))
    request = SaliencyRequest(
        "query",
        pixels[0],
        embeddings[:REFERENCES],
        CONDITIONS if with_conditions else None,
        negative_embeddings_kmd=embeddings[REFERENCES:].reshape(given, REFERENCES, 12).transpose(1, 0, 2),
    )
    return scorer, request, _expected(scorer, request)


def _expected(scorer: SimilarityScorer, request: SaliencyRequest) -> np.ndarray:
    embed, masks_nhw = float64_embed(scorer.network), oracle_masks(query_masks(SPEC, SIZE_PX))
    masks_kd = np.ones((REFERENCES, 12)) if request.condition_masks_kd is None else request.condition_masks_kd
    maps = []
    for slot, mask_d in enumerate(masks_kd.astype(np.float64)):

        def under(image_chw: np.ndarray, mask_d: np.ndarray = mask_d) -> np.ndarray:
            return embed(image_chw) * mask_d

        reference, foils = request.reference_embeddings_kd[slot], request.negative_embeddings_kmd[slot, : SPEC.foils]
        maps.append(oracle.foil_maps(request.pixels_hwc, reference[None], foils[None], masks_nhw, under)[0])
    return np.stack(maps)


def assert_equals_oracle(with_conditions: bool, contrast: Contrast = against_foils) -> None:
    scorer, request, expected = case(with_conditions)
    of_matches = build_rise(SPEC, scorer, SIZE_PX)
    found = display_maps(contrast(of_matches, SPEC.foils), request)
    assert oracle.worst_share_of_range(found, expected) <= LARGEST_SHARE_OF_RANGE


@pytest.mark.parametrize("with_conditions", [False, True], ids=["general", "conditions"])
def test_maps_equal_the_oracle(with_conditions: bool) -> None:
    assert_equals_oracle(with_conditions)
    scorer, request, expected = case(with_conditions)
    mode = display_maps(build_rise(SPEC, scorer, SIZE_PX, FOIL), request)
    np.testing.assert_array_equal(mode, display_maps(against_foils(build_rise(SPEC, scorer, SIZE_PX), 3), request))
    # Foils matter: the match alone has other maps.
    assert oracle.worst_share_of_range(display_maps(build_rise(SPEC, scorer, SIZE_PX), request), expected) > 0.05


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("astype(np.float64) - mean_foils_kd", "astype(np.float64) + mean_foils_kd"),
        (".mean(axis=1)", ".mean(axis=(0, 1))"),
        (".mean(axis=1)", ".sum(axis=1)"),
        ("negatives_kmd[:, :foils].astype", "negatives_kmd.astype"),
        ("negatives_kmd[:, :foils].astype", "negatives_kmd[::-1, :foils].astype"),
    ],
    ids=["added", "one mean for all pairs", "summed", "all negatives", "another pair's"],
)
@pytest.mark.parametrize("with_conditions", [False, True], ids=["general", "conditions"])
def test_comparator_rejects_broken_copies(tmp_path: Path, with_conditions: bool, right: str, wrong: str) -> None:
    broken = broken_copy(against, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle(with_conditions, broken.against_foils)


@pytest.mark.parametrize("scheme", ["papers", "balanced_regression"])
def test_foils_take_no_pass(scheme: str) -> None:
    scorer, request, _ = case(True)
    spec = replace(SPEC, scheme=scheme)
    counting = CountingNetwork(scorer.network)
    generator = build_rise(spec, SimilarityScorer(counting, batch_size=25), SIZE_PX, FOIL)
    [found] = generator([request])
    assert counting.images == found.forward_passes == spec.masks
    kept = embed_perturbations(scorer, request.pixels_hwc, query_masks(spec, SIZE_PX)).numpy()
    before = counting.images
    [read] = generator([replace(request, perturbed_embeddings_nd=kept)])
    assert read.forward_passes == counting.images - before == 0
    assert oracle.worst_share_of_range(read.display_khw, found.display_khw) < 1e-4


def test_a_query_alike_to_match_and_foils_has_no_map() -> None:
    scorer, request, _ = case(False)
    same = np.repeat(request.reference_embeddings_kd[:, None], SPEC.foils, axis=1)
    found = display_maps(build_rise(SPEC, scorer, SIZE_PX, FOIL), replace(request, negative_embeddings_kmd=same))
    assert np.abs(found).max() < 1e-7


def test_too_few_foils_are_refused() -> None:
    scorer, request, _ = case(False)
    generator = build_rise(replace(SPEC, foils=9), scorer, SIZE_PX, FOIL)
    with pytest.raises(BadSetting, match=r"(?s)9 negatives for each reference.*found: 4.*query query"):
        generator([request])
    with pytest.raises(BadSetting, match="requests with negative_embeddings_kmd"):
        generator([replace(request, negative_embeddings_kmd=None)])
