"""Every way in which a user's model may be unfit is told by its own message; a fit one passes."""

from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.check_passes import check_passes
from pipeline.similarity.user_model.checks import ModelFindings, check_similarity_model
from pipeline.similarity.user_model.model import Preprocessing, UserModel

Embed = Callable[[torch.Tensor], torch.Tensor]
CANVAS = (255, 255, 255)


def sample(n_images: int = 4) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (n_images, 12, 12, 3), dtype=np.uint8)


def pooled(images: torch.Tensor) -> torch.Tensor:
    """A fit model: mean colours of the four quarters, and a constant."""
    quarters = nn.functional.adaptive_avg_pool2d(images, 2).flatten(1)
    return torch.cat([quarters, torch.ones(len(images), 1)], dim=1)


def check(embed: Embed, images: np.ndarray | None = None, precision: str = "float32") -> ModelFindings:
    scorer = SimilarityScorer(UserModel(embed, Preprocessing()), precision=precision)
    return check_similarity_model(scorer, sample() if images is None else images, CANVAS)


def refused(embed: Embed, images: np.ndarray | None = None) -> BadModel:
    with pytest.raises(BadModel) as error:
        check(embed, images)
    return error.value


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_fit_model_passes_and_is_measured(precision: str) -> None:
    found = check(pooled, precision=precision)
    assert found.embedding_dim == 13
    assert found.repeat_difference == 0
    assert found.batch_difference < 1e-3
    assert found.largest_distance >= found.largest_distance_in_dataset > 0.01
    assert (found.timed_images, found.forward_passes) == (8, 32)
    assert found.seconds > 0


def test_passes_are_counted_as_they_are_made() -> None:
    seen = []

    def embed(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return pooled(images)

    assert check(embed, sample(5)).forward_passes == sum(seen) == check_passes(5)


def test_nan_is_refused_for_the_kind_of_image_that_makes_it() -> None:
    message = refused(lambda images: torch.log(pooled(images) - 2))
    assert message.found == "NaN or infinity for 4 of 4 images of the dataset"
    # Standardising an image by its own deviation divides by 0 where it is blank, and only there.
    standardised = refused(
        lambda images: torch.cat([pooled(images), 1 / images.std(dim=(1, 2, 3), keepdim=False)[:, None]], dim=1)
    )
    assert "blank images" in standardised.found
    assert "division by 0" in standardised.remedy


def test_zero_vectors_are_refused_even_if_only_blank_images_have_them() -> None:
    message = refused(lambda images: torch.where(pooled(images)[:, :1] > 0.99, 0.0, pooled(images)))
    assert message.found == "zero vectors for 1 of 2 blank images"
    assert "constant added" in message.remedy


def test_a_model_that_draws_at_random_is_refused() -> None:
    message = refused(lambda images: nn.functional.dropout(pooled(images), 0.5))
    assert "embedded twice" in message.found
    assert "dropout" in message.remedy
    calls = count()
    drifting = refused(lambda images: pooled(images) + 0.001 * next(calls) * torch.eye(13)[0])
    assert "embedded twice" in drifting.found


def test_a_model_that_looks_at_the_whole_batch_is_refused() -> None:
    message = refused(lambda images: pooled(images) - 0.5 * pooled(images).mean(dim=0))
    assert "alone and in a batch" in message.expected
    assert "batch norms" in message.remedy


def test_a_constant_model_is_refused() -> None:
    message = refused(lambda images: torch.ones(len(images), 5) + 1e-6 * pooled(images)[:, :1])
    assert message.found.startswith("all vectors of 8 different images (noise among them) lie within")


def test_a_model_to_which_the_dataset_is_one_image_is_refused() -> None:
    def is_noise(images: torch.Tensor) -> torch.Tensor:
        noisy = (images.std(dim=(1, 2, 3)) > 0.05).float()
        return torch.stack([noisy, 1 - noisy], dim=1)

    plain = np.repeat(np.arange(40, 44, dtype=np.uint8), 12 * 12 * 3).reshape(4, 12, 12, 3)
    assert "different images of the dataset lie within" in refused(is_noise, plain).found


def test_a_dataset_of_one_image_says_nothing_of_differences_in_it() -> None:
    twice = np.repeat(sample(1), 2, axis=0)
    assert np.isnan(check(pooled, twice).largest_distance_in_dataset)


def test_wrong_shapes_and_errors_of_the_model_pass_through() -> None:
    assert "shape (4, 3, 12, 12)" in refused(lambda images: images).found
    assert "ZeroDivisionError" in refused(lambda images: images / (1 // 0)).found
