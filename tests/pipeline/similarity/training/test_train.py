"""Tiny trainings: repeatable to the byte, better than untrained, and clear about data that cannot be learned."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pytorch_metric_learning.utils import common_functions

from pipeline.errors import BadDataset, BadModel
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.retrieval import recall_at_1, target_correlation
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.training import train as training
from pipeline.similarity.training.batches import epoch_batches, mirrored_images
from pipeline.similarity.training.data import without_lone_classes
from pipeline.similarity.training.losses import embedding_loss
from pipeline.similarity.training.train import (
    LabelledPixels,
    SimilarityTrainingSpec,
    TrainedSimilarityModel,
    train_similarity_model,
)
from tests.pipeline.similarity.colour_problem import colour_problem

SPEC = SimilarityTrainingSpec(
    network="small_residual",
    embedding_dim=8,
    pretrained=None,
    objective="triplet",
    epochs=3,
    patience=3,
    batch_size=16,
    images_per_class=4,
    learning_rate=3e-3,
    weight_decay=1e-4,
    margin=0.2,
    flips=True,
    seed=0,
)

TRAIN, VALID = colour_problem(12, 1), colour_problem(6, 2)


def embed(state: dict[str, np.ndarray] | None, pixels: np.ndarray, seed: int = 0) -> np.ndarray:
    network = build_embedding_network(SPEC.network, SPEC.embedding_dim, seed=seed)
    if state is not None:
        load_network_state(network, state, "the trained model")
    return SimilarityScorer(network.eval()).embed(pixels)


def same_bytes(one: TrainedSimilarityModel, other: TrainedSimilarityModel) -> bool:
    return all(one.state[name].tobytes() == other.state[name].tobytes() for name in one.state)


@pytest.mark.parametrize("objective", ["triplet", "regression"])
def test_the_same_call_returns_the_same_bytes(objective: str) -> None:
    spec = replace(SPEC, objective=objective, epochs=2)
    first = train_similarity_model(spec, TRAIN, VALID)
    torch.manual_seed(123)  # neither torch's generator nor numpy's nor the library's may matter
    np.random.seed(5)  # noqa: NPY002
    common_functions.NUMPY_RANDOM.random(7)
    second = train_similarity_model(spec, TRAIN, VALID)
    assert same_bytes(first, second)
    volatile = {"seconds": 0.0}
    assert [row | volatile for row in first.history] == [row | volatile for row in second.history]
    assert not same_bytes(first, train_similarity_model(replace(spec, seed=1), TRAIN, VALID))


def test_the_librarys_generator_is_put_back() -> None:
    before = common_functions.NUMPY_RANDOM
    train_similarity_model(replace(SPEC, epochs=1), TRAIN, VALID)
    assert common_functions.NUMPY_RANDOM is before


def test_triplets_improve_recall_on_an_easy_problem() -> None:
    unseen = colour_problem(20, 3)
    trained = train_similarity_model(replace(SPEC, epochs=8, patience=8), TRAIN, VALID)
    untrained_recall = recall_at_1(embed(None, unseen.pixels_nhwc), unseen.classes_n)
    trained_recall = recall_at_1(embed(trained.state, unseen.pixels_nhwc), unseen.classes_n)
    assert trained_recall > untrained_recall + 0.1
    assert trained_recall > 0.7


def test_regression_learns_the_graded_targets() -> None:
    unseen = colour_problem(10, 3)
    assert unseen.targets_nc is not None
    trained = train_similarity_model(replace(SPEC, objective="regression", epochs=8, patience=8), TRAIN, VALID)
    untrained = target_correlation(embed(None, unseen.pixels_nhwc), unseen.targets_nc)
    assert target_correlation(embed(trained.state, unseen.pixels_nhwc), unseen.targets_nc) > untrained + 0.1
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]


@pytest.mark.parametrize("objective", ["triplet", "regression"])
def test_the_epoch_that_validates_best_is_kept(objective: str) -> None:
    trained = train_similarity_model(replace(SPEC, objective=objective, epochs=4, patience=4), TRAIN, VALID)
    measures = [row["validation_measure"] for row in trained.history]
    assert trained.best_epoch == int(np.argmax(measures)) + 1
    embeddings = embed(trained.state, VALID.pixels_nhwc)
    assert VALID.targets_nc is not None
    measured = (
        recall_at_1(embeddings, VALID.classes_n)
        if objective == "triplet"
        else target_correlation(embeddings, VALID.targets_nc)
    )
    assert measured == pytest.approx(max(measures), abs=1e-5)


def test_history_and_progress_have_a_row_per_epoch() -> None:
    seen: list[tuple[int, int, float]] = []
    trained = train_similarity_model(SPEC, TRAIN, VALID, progress=lambda *row: seen.append(row))
    assert [row["epoch"] for row in trained.history] == [1, 2, 3]
    assert seen == [(row["epoch"], 3, row["validation_measure"]) for row in trained.history]
    assert set(trained.history[0]) == {"epoch", "loss", "validation_measure", "learning_rate", "seconds"}
    rates = [row["learning_rate"] for row in trained.history]
    assert rates == pytest.approx([SPEC.learning_rate * (1 + np.cos(np.pi * epoch / 3)) / 2 for epoch in range(3)])


def test_training_stops_when_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = iter([0.2, 0.5, 0.5, 0.4, 0.9])
    monkeypatch.setattr(training, "_validation_measure", lambda *_: next(measures))
    trained = train_similarity_model(replace(SPEC, epochs=5, patience=2), TRAIN, VALID)
    assert len(trained.history) == 4
    assert trained.best_epoch == 2


def test_flips_change_the_training() -> None:
    plain = train_similarity_model(replace(SPEC, epochs=1, flips=False), TRAIN, VALID)
    assert not same_bytes(plain, train_similarity_model(replace(SPEC, epochs=1), TRAIN, VALID))


def test_images_are_mirrored_left_to_right() -> None:
    pixels = np.arange(2 * 2 * 3 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    mirrored = mirrored_images(pixels, np.array([True, False]), "cpu")
    plain = mirrored_images(pixels, np.array([False, False]), "cpu")
    torch.testing.assert_close(mirrored[0], plain[0].flip(2), rtol=0, atol=0)
    torch.testing.assert_close(mirrored[1], plain[1], rtol=0, atol=0)


@pytest.mark.parametrize("objective", ["triplet", "regression"])
def test_an_epoch_has_as_many_images_as_the_training_set(objective: str) -> None:
    spec = replace(SPEC, objective=objective)
    batches = list(epoch_batches(spec, TRAIN.classes_n, epoch=1))
    assert [len(batch) for batch in batches] == [16, 16, 16]
    if objective == "triplet":
        for batch in batches:
            assert np.bincount(TRAIN.classes_n[batch]).tolist() == [4, 4, 4, 4]
    else:
        assert sorted(np.concatenate(batches).tolist()) == list(range(48))
    other_epoch = list(epoch_batches(spec, TRAIN.classes_n, epoch=2))
    assert any((one != other).any() for one, other in zip(batches, other_epoch, strict=True))


def test_the_regression_loss_equals_loops() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(5, 3))
    targets = rng.normal(size=(9, 2)).astype(np.float32)
    batch = np.array([7, 1, 3, 8, 0])
    data = LabelledPixels(np.zeros((9, 1, 1, 3), np.uint8), np.zeros(9, np.int64), targets)
    unit = [row / np.linalg.norm(row) for row in raw]
    wanted = [targets[image] / np.linalg.norm(targets[image]) for image in batch]
    terms = [(unit[i] @ unit[j] - wanted[i] @ wanted[j]) ** 2 for i in range(5) for j in range(5) if i != j]
    loss = embedding_loss(replace(SPEC, objective="regression"), torch.tensor(raw), data, batch)
    assert float(loss) == pytest.approx(np.mean(terms), rel=1e-5)
    with_diagonal = sum(terms) / 25
    assert float(loss) != pytest.approx(with_diagonal, rel=1e-2)


@pytest.mark.parametrize(
    ("classes", "found"),
    [([0, 0, 0, 1], "2 classes, 1 of them"), ([0, 0, 0, 0], "1 classes, 0 of them"), ([0, 1, 2, 3], "4 of them")],
)
def test_classes_that_cannot_form_triplets_are_refused(classes: list[int], found: str) -> None:
    train = LabelledPixels(TRAIN.pixels_nhwc[:4], np.array(classes))
    with pytest.raises(BadDataset, match=found):
        train_similarity_model(SPEC, train, VALID)


def test_regression_without_targets_is_refused() -> None:
    train = LabelledPixels(TRAIN.pixels_nhwc, TRAIN.classes_n)
    with pytest.raises(BadDataset, match="use objective 'triplet'"):
        train_similarity_model(replace(SPEC, objective="regression"), train, VALID)


@pytest.mark.parametrize("objective", ["triplet", "regression"])
def test_a_loss_that_explodes_is_refused(objective: str) -> None:
    with pytest.raises(BadModel, match="(?s)finite loss.*learning_rate"):
        train_similarity_model(replace(SPEC, objective=objective, learning_rate=1e30), TRAIN, VALID)


def test_validation_images_without_a_match_are_refused() -> None:
    # One validation image per class: Recall@1 is undefined in every epoch, so no epoch can be chosen.
    lone = LabelledPixels(VALID.pixels_nhwc[::6], VALID.classes_n[::6])
    with pytest.raises(BadDataset):
        train_similarity_model(replace(SPEC, epochs=1), TRAIN, lone)


def test_classes_with_fewer_images_than_a_batch_takes_are_refused_before_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = np.flatnonzero((TRAIN.classes_n != 2) | (np.cumsum(TRAIN.classes_n == 2) <= 3))
    few = LabelledPixels(TRAIN.pixels_nhwc[kept], TRAIN.classes_n[kept], TRAIN.targets_nc[kept])  # type: ignore[index]
    # Three of a class suffice where a batch takes three; targets need no class at all.
    train_similarity_model(replace(SPEC, epochs=1, images_per_class=3), few, VALID)
    train_similarity_model(replace(SPEC, epochs=1, objective="regression"), few, VALID)
    monkeypatch.setattr(training, "build_embedding_network", lambda *_: pytest.fail("training began"))
    with pytest.raises(BadDataset, match=r"(?s)4 training images of every class.*1 of 4 classes.*images_per_class = 3"):
        train_similarity_model(SPEC, few, VALID)


def test_a_training_starts_from_the_weights_it_is_given() -> None:
    other = build_embedding_network("small_residual", 8, seed=9)
    given = {f"trunk.{name}": tensor for name, tensor in other.get_submodule("0").state_dict().items()}
    frozen = replace(SPEC, epochs=1, learning_rate=1e-9, weight_decay=0.0)
    started = train_similarity_model(replace(frozen, backbone_weights=given), TRAIN, VALID).state
    own = train_similarity_model(frozen, TRAIN, VALID).state
    name = "0.1.conv1.weight"
    np.testing.assert_allclose(started[name], other.state_dict()[name].numpy(), atol=1e-6)
    assert np.abs(own[name] - started[name]).max() > 0.01
    # The head is no part of what the file gives.
    np.testing.assert_allclose(started["1.1.weight"], own["1.1.weight"], atol=1e-6)
    with pytest.raises(BadModel, match=r"similarity_model\.backbone_weights"):
        train_similarity_model(replace(frozen, network="resnet50", backbone_weights=given), TRAIN, VALID)


def test_a_class_with_a_single_image_is_left_out() -> None:
    assert without_lone_classes(TRAIN) is TRAIN
    # The first image alone keeps its class.
    alone = np.flatnonzero((TRAIN.classes_n != TRAIN.classes_n[0]) | (np.arange(len(TRAIN.classes_n)) == 0))
    left = LabelledPixels(TRAIN.pixels_nhwc[alone], TRAIN.classes_n[alone])
    with pytest.raises(BadDataset, match="1 of them with a single image"):
        train_similarity_model(replace(SPEC, epochs=1), left, VALID)
    kept = without_lone_classes(left)
    assert TRAIN.classes_n[0] not in kept.classes_n
    assert len(kept.pixels_nhwc) == len(kept.classes_n) == len(alone) - 1
    np.testing.assert_array_equal(kept.pixels_nhwc, left.pixels_nhwc[1:])
