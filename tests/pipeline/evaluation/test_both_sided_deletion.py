"""Deletion on both sides of a match against pixel loops, a closed form, and copies that must fail."""

from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel, BadSetting
from pipeline.evaluation import both_sided_deletion as subject
from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB
from pipeline.randomness import keyed_rng
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import faithfulness as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

HEIGHT, WIDTH = 3, 4
CANVAS = (127, 10, 255)
TIE_KEY = (7, "pair 1")
SHARES = (Fraction(0), Fraction(1, 24), Fraction(1, 4), Fraction(1, 2), Fraction(1))
CONDITION = np.array([1.0, 0.0, 0.3, 2.0, 0.1])
WEIGHTS = np.random.default_rng(11).normal(size=(HEIGHT * WIDTH * 3, 5))


def embed(pixels_nhwc: np.ndarray) -> np.ndarray:
    vectors: np.ndarray = (pixels_nhwc.reshape(len(pixels_nhwc), -1) / 255.0) @ WEIGHTS
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class OnPixels(nn.Module):
    """The function of uint8 images as a network."""

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        values = images_nchw.permute(0, 2, 3, 1).double().numpy() * IMAGENET_DEVIATION_RGB + IMAGENET_MEAN_RGB
        return torch.tensor(embed(np.rint(values * 255).astype(np.uint8)))


SCORER = SimilarityScorer(OnPixels(), batch_size=5)


def pair_with_maps() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, size=(2, HEIGHT, WIDTH, 3), dtype=np.uint8)
    # Whole numbers, so that pixels tie.
    return pixels, rng.integers(0, 4, size=(3, 2, HEIGHT, WIDTH)).astype(np.float32)


def tie_ranks(side: int) -> np.ndarray:
    ranks = np.empty(HEIGHT * WIDTH, dtype=int)
    ranks[keyed_rng("saliency ties", *TIE_KEY, side).permutation(HEIGHT * WIDTH)] = np.arange(HEIGHT * WIDTH)
    return ranks


def cosine(first_d: np.ndarray, second_d: np.ndarray) -> float:
    return sum(float(one) * float(other) for one, other in zip(first_d, second_d, strict=True))


def under_mask(embeddings_nd: np.ndarray, mask_d: np.ndarray) -> np.ndarray:
    return np.array([masked_d / np.sqrt(cosine(masked_d, masked_d)) for masked_d in embeddings_nd * mask_d])


def worst_difference(module: ModuleType, mask_d: np.ndarray | None = None) -> float:
    pixels, maps = pair_with_maps()
    found = module.both_sided_deletion(
        SCORER, pixels, maps, CANVAS, TIE_KEY, [float(share) for share in SHARES], mask_d
    )
    own_mask_d = np.ones(WEIGHTS.shape[1]) if mask_d is None else mask_d
    full_query_d, full_reference_d = under_mask(embed(pixels), own_mask_d)
    full = cosine(full_query_d, full_reference_d)
    wanted = np.empty((3, len(maps), len(SHARES)))
    for row, maps_2hw in enumerate(maps):
        for column, share in enumerate(SHARES):
            images = [
                oracle.manipulated(pixels[side], maps_2hw[side], tie_ranks(side), CANVAS, share, insert=False)
                for side in range(2)
            ]
            query_d, reference_d = under_mask(embed(np.stack(images)), own_mask_d)
            wanted[0, row, column] = full - cosine(query_d, reference_d)
            wanted[1, row, column] = full - cosine(query_d, full_reference_d)
            wanted[2, row, column] = full - cosine(full_query_d, reference_d)
    assert found.forward_passes == 2 + 2 * wanted[0].size
    return float(np.abs(found.falls_3ms - wanted).max())


def test_falls_are_those_of_pixel_loops() -> None:
    assert worst_difference(subject) < 1e-6


def test_falls_under_a_condition_are_those_of_masked_embeddings() -> None:
    assert worst_difference(subject, CONDITION) < 1e-6


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("project(embeddings_nd, condition_mask_d)", "embeddings_nd * condition_mask_d"),
        ("project(embeddings_nd, condition_mask_d)", "embeddings_nd"),
        ("project(embeddings_nd, condition_mask_d)", "project(embeddings_nd, condition_mask_d[::-1])"),
    ],
)
def test_copies_that_mistake_the_condition_differ(right: str, wrong: str, tmp_path: Path) -> None:
    broken = broken_copy(subject, tmp_path, right, wrong)
    assert worst_difference(broken, CONDITION) > 1e-3


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("pixels_2hwc[side], maps_2hw[side]", "pixels_2hwc[side], maps_2hw[1 - side]"),
        ("(pixels_2hwc[side], maps", "(pixels_2hwc[0], maps"),
        ("(*tie_key, side)", "(*tie_key, 0)"),
        ("ranking_v[: round(share * len(ranking_v))]", "ranking_v[len(ranking_v) - round(share * len(ranking_v)) :]"),
        ("np.asarray(canvas_rgb,", "np.asarray(canvas_rgb[::-1],"),
        ("queries_pd @ full_reference_d, references_pd @", "references_pd @ full_query_d, queries_pd @"),
        ("queries_pd @ full_reference_d", "queries_pd @ full_query_d"),
        ("(queries_pd * references_pd)", "(queries_pd * full_reference_d)"),
        ("np.stack(of_sides, axis=1)", "np.stack(of_sides, axis=0)"),
        ("self.full_score - self.scores_3ms", "self.scores_3ms - self.full_score"),
        ("round(share * len(ranking_v))", "int(share * len(ranking_v) + 0.5)"),
    ],
)
def test_copies_with_a_mistake_differ(right: str, wrong: str, tmp_path: Path) -> None:
    broken = broken_copy(subject, tmp_path, right, wrong)
    assert worst_difference(broken) > 1e-3


def test_maps_that_find_what_both_share_make_the_score_fall_first() -> None:
    """Two images that share one bright pixel in different places; the embedding is the sum over pixels."""

    class Total(nn.Module):
        def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
            pixels = images_nchw.permute(0, 2, 3, 1).double() * torch.tensor(IMAGENET_DEVIATION_RGB)
            return (pixels + torch.tensor(IMAGENET_MEAN_RGB)).sum(dim=(1, 2))

    pixels = np.zeros((2, 2, 2, 3), dtype=np.uint8)
    pixels[0, 0, 0, 0] = pixels[1, 1, 1, 0] = 200
    pixels[0, 1, 0, 1] = pixels[1, 0, 1, 2] = 200
    shared, other = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
    shared[0, 0, 0] = shared[1, 1, 1] = 1
    other[0, 1, 0] = other[1, 0, 1] = 1
    found = subject.both_sided_deletion(
        SimilarityScorer(Total()), pixels, np.stack([shared, other]), (0, 0, 0), (0, "pair"), [0.25]
    )
    assert found.full_score == pytest.approx(0.5, abs=1e-5)
    alone = 0.5 - np.array([[0], [0.5**0.5]])
    np.testing.assert_allclose(found.falls_3ms, [[[0.5], [-0.5]], alone, alone], atol=1e-5)


def test_lost_pixels_are_filled_in_from_their_surroundings() -> None:
    pixels = np.full((2, HEIGHT, WIDTH, 3), 90, dtype=np.uint8)
    pixels[:, 1, 1] = 250
    maps = np.zeros((1, 2, HEIGHT, WIDTH))
    maps[0, :, 1, 1] = 1
    found = subject.both_sided_deletion(SCORER, pixels, maps, None, TIE_KEY, [1 / 12])
    plain_d = embed(np.full((1, HEIGHT, WIDTH, 3), 90, dtype=np.uint8))[0]
    wanted = [1 - 1, 1 - plain_d @ embed(pixels)[0], 1 - plain_d @ embed(pixels)[0]]
    # Of the noise that comes with it.
    np.testing.assert_allclose(found.falls_3ms.ravel(), wanted, atol=5e-3)
    assert wanted[1] > 0.02
    blank = subject.both_sided_deletion(SCORER, pixels, maps, CANVAS, TIE_KEY, [1 / 12])
    assert np.abs(blank.falls_3ms - found.falls_3ms).max() > 0.02


def test_a_map_that_is_not_finite_and_a_share_beyond_the_image_are_refused() -> None:
    pixels, maps = pair_with_maps()
    with pytest.raises(BadSetting, match="shares from 0 to 1"):
        subject.both_sided_deletion(SCORER, pixels, maps, CANVAS, TIE_KEY, [1.5])
    maps[1, 1, 0, 0] = np.nan
    with pytest.raises(BadModel, match="finite"):
        subject.both_sided_deletion(SCORER, pixels, maps, CANVAS, TIE_KEY)
