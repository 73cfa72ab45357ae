"""The length of an epoch as told without torch against the images that really pass through the network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.similarity.training import train as training
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from pipeline.similarity.training.train import LabelledPixels, SimilarityTrainingSpec, train_similarity_model


def images_trained(monkeypatch: pytest.MonkeyPatch, spec: SimilarityTrainingSpec, n_images: int, classes: int) -> int:
    """Return how many images one epoch passes through the network in training mode."""
    passed = []
    build: Callable[..., torch.nn.Module] = training.build_embedding_network

    def build_counted(*arguments: Any) -> torch.nn.Module:
        network = build(*arguments)
        network.register_forward_pre_hook(
            lambda module, inputs: passed.append(len(inputs[0])) if module.training else None
        )
        return network

    monkeypatch.setattr(training, "build_embedding_network", build_counted)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (n_images, 16, 16, 3), dtype=np.uint8)
    data = LabelledPixels(pixels, np.arange(n_images) % classes, rng.random((n_images, 3)).astype(np.float32))
    train_similarity_model(spec, data, data)
    return sum(passed)


@pytest.mark.parametrize("objective", ["regression", "triplet"])
@pytest.mark.parametrize(("n_images", "classes", "batch_size"), [(40, 4, 16), (39, 4, 32), (70, 5, 8), (12, 3, 64)])
def test_it_is_what_a_training_does(
    monkeypatch: pytest.MonkeyPatch, objective: str, n_images: int, classes: int, batch_size: int
) -> None:
    spec = SimilarityTrainingSpec(
        network="small_residual",
        embedding_dim=4,
        pretrained=None,
        objective=objective,
        epochs=1,
        patience=1,
        batch_size=batch_size,
        images_per_class=4,
        learning_rate=1e-3,
        weight_decay=0.0,
        margin=0.2,
        flips=True,
        seed=0,
    )
    expected = images_trained(monkeypatch, spec, n_images, classes)
    assert training_images_per_epoch(objective, n_images, classes, batch_size, 4) == expected
