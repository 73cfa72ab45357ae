"""The explained model as a black box: unit vectors out, misbehaviour refused."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.similarity.scorer import SimilarityScorer
from tests.oracles import rise as oracle
from tests.pipeline.saliency.small_models import CountingNetwork, float64_embed, random_pixels, small_scorer


class Returning(nn.Module):
    """Returns what a function makes of the images."""

    def __init__(self, output: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.output = output

    def forward(self, images_nchw: torch.Tensor) -> object:
        return self.output(images_nchw)


def test_embeddings_equal_the_oracle() -> None:
    scorer, pixels = small_scorer(batch_size=3), random_pixels(7)
    whole = np.ones((1, 32, 32))
    exact = float64_embed(scorer.network)
    expected = np.concatenate([oracle.embeddings(one, whole, exact) for one in pixels])
    embeddings = scorer.embed(pixels)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, expected, atol=5e-6)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)
    assert np.abs(np.roll(embeddings, 1, axis=0) - expected).max() > 0.01  # the comparator sees the order


@pytest.mark.parametrize(("batch_size", "batches"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (99, [5])])
def test_batches_hold_at_most_the_batch_size(batch_size: int, batches: list[int]) -> None:
    counting = CountingNetwork(small_scorer().network)
    SimilarityScorer(counting, batch_size=batch_size).embed(random_pixels(5))
    assert [shape[0] for shape in counting.batches] == batches


def test_length_does_not_matter() -> None:
    short = SimilarityScorer(Returning(lambda images: 1e-3 * images.flatten(1)[:, :6]))
    long = SimilarityScorer(Returning(lambda images: 1e3 * images.flatten(1)[:, :6]))
    pixels = random_pixels(4)
    np.testing.assert_allclose(short.embed(pixels), long.embed(pixels), atol=1e-6)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (lambda images: torch.full((len(images), 3), torch.nan), "4 of 4 embeddings that are NaN"),
        (lambda images: torch.full((len(images), 3), -torch.inf), "4 of 4 embeddings"),
        (lambda images: torch.zeros(len(images), 3), "4 of 4 embeddings that are NaN, infinite or zero"),
        (lambda images: torch.ones(len(images)), r"shape \(4,\) for 4 images"),
        (lambda images: torch.ones(1, 3), r"shape \(1, 3\) for 4 images"),
        (lambda images: images, r"shape \(4, 3, 32, 32\) for 4 images"),
    ],
    ids=["NaN", "infinity", "zero", "one axis", "one row", "images"],
)
def test_a_model_that_misbehaves_is_refused(output: Callable[[torch.Tensor], object], found: str) -> None:
    with pytest.raises(BadModel, match=found) as error:
        SimilarityScorer(Returning(output)).embed(random_pixels(4))
    assert "similarity model's output" in error.value.where


@pytest.mark.parametrize(
    "output",
    [lambda images: (images.flatten(1), None), lambda images: {"embedding": images.flatten(1)}, lambda images: None],
    ids=["tuple", "dict", "nothing"],
)
def test_a_model_that_returns_no_tensor_is_refused(output: Callable[[torch.Tensor], object]) -> None:
    with pytest.raises(BadModel):
        SimilarityScorer(Returning(output)).embed(random_pixels(4))


@pytest.mark.parametrize("value", [1e-11, 1e18])
def test_lengths_far_from_one_are_no_error(value: float) -> None:
    scorer = SimilarityScorer(Returning(lambda images: torch.full((len(images), 4), value)))
    np.testing.assert_allclose(scorer.embed(random_pixels(2)), 0.5, atol=1e-6)


@pytest.mark.parametrize(("precision", "inside"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_bfloat16_only_when_asked_for(precision: str, inside: torch.dtype) -> None:
    layer = CountingNetwork(nn.Linear(3072, 6))
    scorer = SimilarityScorer(nn.Sequential(nn.Flatten(), layer), precision=precision)
    embeddings = scorer.embed(random_pixels(3))
    assert layer.dtypes == {torch.float32, inside}
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_float32_stays_float32_beside_a_bfloat16_scorer() -> None:
    network = small_scorer().network
    pixels = random_pixels(3)
    before = SimilarityScorer(network).embed(pixels)
    coarse = SimilarityScorer(network, precision="bfloat16").embed(pixels)
    assert SimilarityScorer(network).embed(pixels).tobytes() == before.tobytes()
    assert 0 < np.abs(coarse - before).max() < 0.1


def test_no_graph_is_kept() -> None:
    assert not small_scorer().embed_tensor(torch.zeros(1, 3, 32, 32)).requires_grad


def test_values_of_every_batch_are_checked_though_only_once() -> None:
    pixels = random_pixels(6)

    def wrong_from(number: int) -> Callable[[torch.Tensor], torch.Tensor]:
        calls = []

        def output(images_nchw: torch.Tensor) -> torch.Tensor:
            calls.append(1)
            return images_nchw.flatten(1)[:, :4] * (torch.nan if len(calls) == number else 1)

        return output

    for number in (1, 2, 3):
        with pytest.raises(BadModel, match="2 of 6 embeddings"):
            SimilarityScorer(Returning(wrong_from(number)), batch_size=2).embed(pixels)
    assert SimilarityScorer(Returning(wrong_from(4)), batch_size=2).embed(pixels).shape == (6, 4)


def test_a_model_may_write_its_outputs_to_one_place() -> None:
    place = torch.empty(2, 4)

    def overwriting(images_nchw: torch.Tensor) -> torch.Tensor:
        return place.copy_(images_nchw.flatten(1)[:, :4])

    pixels = random_pixels(6)
    found = SimilarityScorer(Returning(overwriting), batch_size=2).embed(pixels)
    expected = SimilarityScorer(Returning(lambda images: images.flatten(1)[:, :4])).embed(pixels)
    np.testing.assert_array_equal(found, expected)
