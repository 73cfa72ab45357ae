"""Embeddings of the masked query: what the network sees, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.saliency import perturbed_embeddings
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.masks import MaskDraws, draw_masks
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.saliency.small_models import (
    SIZE_PX,
    CountingNetwork,
    float64_embed,
    oracle_masks,
    random_pixels,
    small_scorer,
)


def assert_equals_oracle(embed: Callable[..., torch.Tensor] = embed_perturbations) -> None:
    scorer, draws, pixels = small_scorer(), draw_masks(2, 30, 8, 0.5, SIZE_PX), random_pixels(1)[0]
    expected = oracle.embeddings(pixels, oracle_masks(draws), float64_embed(scorer.network))
    actual = embed(scorer, pixels, draws)
    assert actual.dtype == torch.float32
    np.testing.assert_allclose(actual.numpy(), expected, atol=5e-6)


def test_embeddings_equal_the_oracle() -> None:
    assert_equals_oracle()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (".permute(0, 3, 1, 2)\n", ".permute(0, 3, 2, 1)\n"),
        (".permute(0, 3, 1, 2)\n", ".permute(0, 3, 1, 2).flip(1)\n"),
        ("masks_nhv.mul_(image_hv)", "masks_nhv.neg_().add_(1).mul_(image_hv)"),
        ("masks_nhv.mul_(image_hv)", "masks_nhv.add_(image_hv)"),
        ("masks.render(first, last,", "masks.render(0, last - first,"),
    ],
    ids=["x and y swapped", "blue for red", "mask inverted", "mask added", "first masks only"],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(perturbed_embeddings, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        assert_equals_oracle(broken.embed_perturbations)


@pytest.mark.parametrize("batch_size", [1, 7, 30, 1000])
def test_every_mask_passes_once_whatever_the_batch(batch_size: int) -> None:
    draws, pixels = draw_masks(2, 30, 8, 0.5, SIZE_PX), random_pixels(1)[0]
    counting = CountingNetwork(small_scorer().network)
    actual = embed_perturbations(SimilarityScorer(counting, batch_size=batch_size), pixels, draws)
    assert counting.images == 30
    assert max(shape[0] for shape in counting.batches) <= batch_size
    torch.testing.assert_close(actual, embed_perturbations(small_scorer(), pixels, draws), rtol=0, atol=5e-6)


def test_removed_pixels_are_the_mean_colour() -> None:
    seen = []

    class Recording(nn.Module):
        def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
            seen.append(images_nchw.clone())
            return torch.ones(len(images_nchw), 2)

    grids = np.stack([np.zeros((8, 8), bool), np.ones((8, 8), bool)])
    draws = MaskDraws(grids, np.array([[1, 3], [0, 2]]), 4, SIZE_PX)
    pixels = random_pixels(1)[0]
    embed_perturbations(SimilarityScorer(Recording()), pixels, draws)
    assert not seen[0][0].any()
    np.testing.assert_allclose(seen[0][1].numpy(), oracle.normalised(pixels), atol=1e-6)


class FixedOutput(nn.Module):
    """Returns what a function makes of the number of images."""

    def __init__(self, output: Callable[[int], torch.Tensor]) -> None:
        super().__init__()
        self.output = output

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        return self.output(len(images_nchw))


def last_row_of(value: float) -> Callable[[int], torch.Tensor]:
    def output(n: int) -> torch.Tensor:
        embeddings = torch.ones(n, 4)
        embeddings[-1] = value
        return embeddings

    return output


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (last_row_of(torch.nan), "2 of 10 embeddings that are NaN"),
        (last_row_of(torch.inf), "2 of 10 embeddings that are NaN, infinite"),
        (last_row_of(0), "2 of 10 embeddings that are NaN, infinite or zero"),
        (lambda n: torch.ones(n), r"shape \(5,\) for 5 images"),
        (lambda n: torch.ones(n, 4, 1, 1), r"shape \(5, 4, 1, 1\) for 5 images"),
        (lambda n: torch.ones(n - 1, 4), r"shape \(4, 4\) for 5 images"),
        (lambda n: torch.ones(n, 0), "zero"),
    ],
    ids=["NaN", "infinity", "zero", "one axis", "four axes", "too few", "no dimensions"],
)
def test_a_model_that_misbehaves_is_refused(output: Callable[[int], torch.Tensor], message: str) -> None:
    scorer = SimilarityScorer(FixedOutput(output), batch_size=5)
    with pytest.raises(BadModel, match=message):
        embed_perturbations(scorer, random_pixels(1)[0], draw_masks(0, 10, 8, 0.5, SIZE_PX))


@pytest.mark.parametrize(("precision", "inside"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_bfloat16_only_when_asked_for(precision: str, inside: torch.dtype) -> None:
    layer = CountingNetwork(nn.Linear(3 * SIZE_PX * SIZE_PX, 6))
    network = nn.Sequential(nn.Flatten(), layer)
    scorer = SimilarityScorer(network, precision=precision, batch_size=10)
    embeddings = embed_perturbations(scorer, random_pixels(1)[0], draw_masks(0, 10, 8, 0.5, SIZE_PX))
    assert layer.dtypes == {torch.float32, inside}
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(10))
