"""The metric losses against loops over all pairs, triplets and quadruplets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.similarity import metric_losses
from pipeline.similarity.metric_losses import metric_loss, mined_triplets
from pipeline.similarity.training.data import LabelledPixels
from pipeline.similarity.training.losses import embedding_loss
from tests.oracles.similarity_mining import distance, quadruplet_loss
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.similarity.training.test_train import SPEC

CLASSES = np.repeat(np.arange(4), 3)
MARGIN = 0.3


def points(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found: np.ndarray = rng.normal(size=(12, 5)) + 1.5 * np.eye(4, 5)[CLASSES]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def loss_of(name: str, margin: float = MARGIN) -> float:
    return metric_loss(name, torch.tensor(points()), torch.tensor(CLASSES), margin).item()


def quadruplets(vectors: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return the mined triplets, each with the image of a third class that is nearest to its negative."""
    found = []
    triplets = mined_triplets(torch.tensor(vectors), torch.tensor(CLASSES), MARGIN)
    for anchor, positive, negative in zip(*triplets, strict=True):
        others = [one for one in range(12) if CLASSES[one] not in (CLASSES[anchor], CLASSES[negative])]
        second = min(others, key=lambda one: distance(vectors[negative], vectors[one]))
        found.append((int(anchor), int(positive), int(negative), second))
    return found


def test_triplets_are_those_of_the_plain_training() -> None:
    raw = torch.tensor(2 * points())
    data = LabelledPixels(np.zeros((12, 1, 1, 3), np.uint8), CLASSES)
    plain = embedding_loss(replace(SPEC, margin=MARGIN), raw, data, np.arange(12))
    assert loss_of("triplet") == plain.item() > 0


def test_the_contrastive_loss_equals_loops() -> None:
    vectors, alike, apart = points(), [], []
    for one in range(12):
        for other in range(12):
            away = distance(vectors[one], vectors[other])
            if one != other and CLASSES[one] == CLASSES[other]:
                alike.append(away)
            elif CLASSES[one] != CLASSES[other]:
                apart.append(max(1.2 - away, 0))
    # Each kind is averaged over its terms above 0.
    expected = np.mean(alike) + np.mean([term for term in apart if term > 0])
    assert loss_of("contrastive", 1.2) == pytest.approx(expected, rel=1e-5)


def test_a_quadruplet_has_a_second_negative(tmp_path: Path) -> None:
    vectors = points()
    second = quadruplet_loss(vectors, quadruplets(vectors), MARGIN / 2)
    assert second > 0
    expected = loss_of("triplet") + second
    assert loss_of("quadruplet") == pytest.approx(expected, rel=1e-6)
    for right, wrong in (
        ("| (classes_n == classes_n[negatives][:, None])", ""),
        ("within_t - between_t + margin", "between_t - within_t + margin"),
        ("triplets, margin / 2)", "triplets, margin)"),
    ):
        broken = broken_copy(metric_losses, tmp_path, right, wrong)
        found = broken.metric_loss("quadruplet", torch.tensor(vectors), torch.tensor(CLASSES), MARGIN).item()
        assert found != pytest.approx(expected, rel=1e-6), right
