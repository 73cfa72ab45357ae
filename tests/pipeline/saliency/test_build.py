"""Generators by name, each held to the contract."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.saliency.build import build_generator, query_masks
from pipeline.saliency.catalogue import (
    GENERATORS,
    map_passes,
    needs_negatives,
    query_perturbations,
)
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.controls.maps import build_blob, build_noise
from pipeline.saliency.declaration import needs_reference_pixels
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.maps import build_sliding_window
from pipeline.similarity.scorer import SimilarityScorer
from tests.pipeline.saliency.small_models import SIZE_PX, CountingNetwork, display_maps, random_pixels, small_scorer

SEED = 7
# Settings small enough for a test.
SPECS: Mapping[str, Mapping[str, Any]] = {
    "mask": {"iterations": 6, "mask_cells": 4, "patience": None},
    "lime": {"samples": 60, "superpixels": {"kernel_size": 7, "max_dist": 8}},
    "rise": {"masks": 20, "reference_masks": 7, "foils": 2},
    "sliding_window": {"windows_per_side": 11, "reference_windows_per_side": 3, "geometry": "papers"},
}
ALL = [(name, mode) for name, declared in GENERATORS.items() for mode in declared.modes]


def full_spec(name: str) -> Mapping[str, Any]:
    return SPECS.get(name, {})


def request_for(name: str, mode: str, references: int = 2) -> SaliencyRequest:
    pixels = random_pixels(1 + 3 * references)
    ids = tuple(f"reference {number}" for number in range(references))
    shown = pixels[1 : references + 1] if needs_reference_pixels(mode) else None
    embeddings = small_scorer().embed(pixels[1:])
    negatives = embeddings[references:].reshape(references, 2, -1) if needs_negatives(name, mode) else None
    return SaliencyRequest(
        f"query of {name}", pixels[0], embeddings[:references], None, ids, shown, negative_embeddings_kmd=negatives
    )


@pytest.mark.parametrize(("name", "mode"), ALL)
def test_every_generator_keeps_the_contract(name: str, mode: str) -> None:
    counting = CountingNetwork(small_scorer().network)
    generator = build_generator(name, mode, full_spec(name), SEED, SimilarityScorer(counting), SIZE_PX)
    [result] = generator([request_for(name, mode)])
    assert result.display_khw.shape == (2, SIZE_PX, SIZE_PX)
    assert result.display_khw.dtype == result.native_khw.dtype == np.float32
    assert np.isfinite(result.display_khw).all()
    assert result.display_khw.std() > 0
    assert result.forward_passes + result.gradient_passes == counting.images
    expected = map_passes(name, mode, full_spec(name), [2])
    found = result.forward_passes, result.gradient_passes
    if expected.is_upper_bound:
        assert 0 < sum(found) <= expected.forward + expected.gradient
    else:
        assert found == (expected.forward, expected.gradient)
    assert len(result.notes) == GENERATORS[name].notes


KEEPING = [(name, mode) for name, mode in ALL if GENERATORS[name].keeps_embeddings]


@pytest.mark.parametrize("geometry", ["papers", "authors_code"])
@pytest.mark.parametrize(("name", "mode"), KEEPING)
def test_kept_embeddings_give_the_same_maps_and_spare_the_querys_passes(name: str, mode: str, geometry: str) -> None:
    spec = {key: geometry if key == "geometry" else value for key, value in full_spec(name).items()}
    spec |= {"windows_per_side": 13, "reference_windows_per_side": 4} if name == "sliding_window" else {}
    scorer = small_scorer()
    request = request_for(name, mode)
    generator = build_generator(name, mode, spec, SEED, scorer, SIZE_PX)
    masks = query_masks(name, spec, SEED, SIZE_PX)
    assert len(masks) == query_perturbations(name, spec)
    kept = embed_perturbations(scorer, request.pixels_hwc, masks).numpy()
    [made], [read] = generator([request]), generator([replace(request, perturbed_embeddings_nd=kept)])
    np.testing.assert_allclose(read.display_khw, made.display_khw, atol=1e-6)
    assert made.display_khw.std() > 1e-5
    assert made.forward_passes == map_passes(name, mode, spec, [2]).forward
    assert read.forward_passes == map_passes(name, mode, spec, [2], are_kept=True).forward
    assert made.forward_passes - read.forward_passes == len(masks)


def test_embeddings_of_other_masks_are_refused() -> None:
    generator = build_generator("rise", "fixed", full_spec("rise"), SEED, small_scorer(), SIZE_PX)
    with pytest.raises(BadSetting, match=r"of 20 masks\n.*\(19, 12\)"):
        generator([replace(request_for("rise", "fixed"), perturbed_embeddings_nd=np.ones((19, 12), np.float16))])
    with pytest.raises(BadSetting, match="generator that keeps embeddings among sliding_window, rise"):
        query_masks("centre", {}, SEED, SIZE_PX)


def test_names_lead_to_their_generators() -> None:
    request, scorer = request_for("rise", "fixed"), small_scorer()
    expected = {
        "rise": display_maps(build_rise(RiseSpec(masks=20, seed=SEED), scorer, SIZE_PX), request),
        "sliding_window": display_maps(
            build_sliding_window(SlidingWindowSpec(windows_per_side=11), scorer, SIZE_PX), request
        ),
        "random": display_maps(build_noise(SEED), request),
        "centre": display_maps(build_blob(), request),
    }
    for name, maps in expected.items():
        found = build_generator(name, "fixed", full_spec(name), SEED, scorer, SIZE_PX)
        np.testing.assert_array_equal(display_maps(found, request), maps)


def test_unknown_names_and_modes_are_refused_with_the_known_ones() -> None:
    with pytest.raises(BadSetting, match=r"(?s)rise, .*random, centre.*'rize'"):
        build_generator("rize", "fixed", {}, SEED, small_scorer(), SIZE_PX)
    with pytest.raises(BadSetting, match=r"(?s)mode of centre among fixed.*'both'"):
        build_generator("centre", "both", {}, SEED, small_scorer(), SIZE_PX)
    with pytest.raises(BadSetting, match=r"(?s)mode of lime among fixed.*'both'"):
        build_generator("lime", "both", full_spec("lime"), SEED, small_scorer(), SIZE_PX)
