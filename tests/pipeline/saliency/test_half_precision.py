"""What half precision of kept embeddings does to maps, beside what other masks would do to them."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.saliency.build import build_generator, query_masks
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from tests.oracles.rise import worst_share_of_range
from tests.pipeline.saliency.small_models import SIZE_PX, display_maps, random_pixels, small_scorer

SPECS = {
    "rise": {"masks": 200},
    "sliding_window": {"windows_per_side": 15, "geometry": "papers"},
}
# Measured here: 1.7e-4 (rise) and 2.8e-4 (sliding_window), where another seed's masks make 0.45.
LARGEST_SHARE_OF_RANGE = 1e-3


def maps(name: str, seed: int, dtype: type | None) -> np.ndarray:
    """Return the maps of three references, from embeddings that were kept in a precision, or not kept."""
    scorer, pixels = small_scorer(), random_pixels(4, seed=21)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]))
    if dtype is not None:
        masks = query_masks(name, SPECS[name], seed, SIZE_PX)
        kept = embed_perturbations(scorer, pixels[0], masks).numpy().astype(dtype)
        request = replace(request, perturbed_embeddings_nd=kept)
    return display_maps(build_generator(name, "fixed", SPECS[name], seed, scorer, SIZE_PX), request).astype(np.float64)


@pytest.mark.parametrize("name", list(SPECS))
def test_half_precision_is_a_small_share_of_a_maps_range(name: str) -> None:
    exact = maps(name, 1, None)
    share = worst_share_of_range(maps(name, 1, np.float16), exact)
    assert 0 < share < LARGEST_SHARE_OF_RANGE
    assert worst_share_of_range(maps(name, 1, np.float32), exact) < share / 20


def test_it_is_far_below_the_noise_of_the_masks_draws() -> None:
    exact = maps("rise", 1, None)
    by_storage = worst_share_of_range(maps("rise", 1, np.float16), exact)
    by_draws = worst_share_of_range(maps("rise", 2, None), exact)
    assert by_draws > 500 * by_storage


def test_a_coarser_precision_would_be_noticed() -> None:
    exact = maps("rise", 1, None)
    scorer, pixels = small_scorer(), random_pixels(4, seed=21)
    masks = query_masks("rise", SPECS["rise"], 1, SIZE_PX)
    coarse = (np.round(embed_perturbations(scorer, pixels[0], masks).numpy() * 128) / 128).astype(np.float16)
    request = SaliencyRequest("query", pixels[0], scorer.embed(pixels[1:]), perturbed_embeddings_nd=coarse)
    found = display_maps(build_generator("rise", "fixed", SPECS["rise"], 1, scorer, SIZE_PX), request)
    assert worst_share_of_range(found, exact) > LARGEST_SHARE_OF_RANGE
