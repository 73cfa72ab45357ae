"""Tiny type-aware trainings: repeatable to the byte, resumable, better than untrained, clear about bad outfits."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from pipeline.errors import BadDataset, BadModel
from pipeline.similarity.compatibility.auc import compatibility_auc
from pipeline.similarity.compatibility.outfit_draws import OutfitPool, replaced_outfits
from pipeline.similarity.compatibility.outfit_scores import OutfitScorer
from pipeline.similarity.networks import build_embedding_network, load_network_state
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.type_aware.losses import TypeAwareWeights
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels
from pipeline.similarity.type_aware.training import (
    TrainedTypeAwareModel,
    TypeAwareTrainingSpec,
    train_type_aware_model,
)
from pipeline.training_state import TrainingState
from tests.pipeline.similarity.outfit_problem import outfit_problem

SPEC = TypeAwareTrainingSpec(
    network="small_residual",
    embedding_dim=8,
    pretrained=None,
    epochs=3,
    patience=3,
    batch_size=18,
    negatives=4,
    learning_rate=3e-3,
    weight_decay=1e-4,
    weights=TypeAwareWeights(margin=0.3, general=1e-3, mask=1e-3, norm=1e-3),
    flips=True,
    seed=0,
)
TRAIN, VALID = outfit_problem(24, 1), outfit_problem(10, 2)
PAIRS = ("bags|shoes", "bags|tops", "hats|hats", "shoes|tops")
TYPE_OF_ITS_OWN = [f"type{number}" for number in range(len(TRAIN.types_n))]
State = tuple[dict[str, bytes], bytes, str, int]


def outcome(trained: TrainedTypeAwareModel) -> State:
    history = repr([{name: row[name] for name in row if name != "seconds"} for row in trained.history])
    weights = {name: array.tobytes() for name, array in trained.state.items()}
    return weights, trained.masks.masks_cd.tobytes(), history, trained.best_epoch


def auc(trained: TrainedTypeAwareModel | None, data: OutfitPixels, seed: int = 0) -> float:
    network = build_embedding_network(SPEC.network, SPEC.embedding_dim, seed=0)
    if trained is not None:
        load_network_state(network, trained.state, "the trained model")
    embeddings = SimilarityScorer(network.eval(), batch_size=18).embed(data.pixels_nhwc)
    scorer = OutfitScorer(embeddings, data.types_n, None if trained is None else trained.masks)
    replaced = replaced_outfits(OutfitPool(data.types_n, data.image_ids_n, data.outfits, data.outfit_ids), seed)
    real = scorer.outfit_scores([outfit.items for outfit in replaced])
    return compatibility_auc(real, scorer.outfit_scores([outfit.replaced for outfit in replaced]))


def test_the_same_call_returns_the_same_bytes_and_a_seed_matters() -> None:
    first = train_type_aware_model(SPEC, TRAIN, VALID, PAIRS)
    torch.manual_seed(99)
    np.random.seed(5)  # noqa: NPY002
    assert outcome(train_type_aware_model(SPEC, TRAIN, VALID, PAIRS)) == outcome(first)
    assert outcome(train_type_aware_model(dataclasses.replace(SPEC, seed=1), TRAIN, VALID, PAIRS)) != outcome(first)
    assert first.masks.names == ("bags|shoes", "bags|tops", "shoes|tops")
    assert first.masks.masks_cd.shape == (3, 8)
    assert first.masks.masks_cd.min() >= 0


def test_training_learns_which_items_go_together() -> None:
    unseen = outfit_problem(30, 3)
    trained = train_type_aware_model(dataclasses.replace(SPEC, epochs=10, patience=10), TRAIN, VALID, PAIRS)
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert auc(trained, unseen) > max(0.85, auc(None, unseen) + 0.1)


def test_the_epoch_that_validates_best_is_kept() -> None:
    trained = train_type_aware_model(dataclasses.replace(SPEC, epochs=4, patience=4), TRAIN, VALID, PAIRS)
    measures = [row["validation_measure"] for row in trained.history]
    assert trained.best_epoch == int(np.argmax(measures)) + 1
    assert auc(trained, VALID, SPEC.seed) == pytest.approx(max(measures), abs=0.02)


def test_a_resumed_training_ends_in_the_same_bytes() -> None:
    states: list[TrainingState] = []

    def save(take_state: Callable[[], TrainingState]) -> None:
        states.append(take_state())

    whole = train_type_aware_model(SPEC, TRAIN, VALID, PAIRS, save_state=save)
    torch.manual_seed(99)
    resumed = train_type_aware_model(SPEC, TRAIN, VALID, PAIRS, resume_from=states[0])
    assert outcome(resumed) == outcome(whole)
    # The masks' moments are the last of the optimiser's; losing them, or the schedule, is noticed.
    last = max(int(name.split("/")[1]) for name in states[0].arrays if name.startswith("optimiser/"))
    moments = f"optimiser/{last}/exp_avg"
    assert states[0].arrays[moments].shape == (3, 8)
    arrays = {name: array * 0 if name == moments else array for name, array in states[0].arrays.items()}
    lost = dataclasses.replace(states[0], arrays=arrays)
    assert outcome(train_type_aware_model(SPEC, TRAIN, VALID, PAIRS, resume_from=lost)) != outcome(whole)
    text = json.loads(states[0].text)
    rates = dataclasses.replace(states[0], text=json.dumps({**text, "learning_rates": [1e-4, 1e-4]}))
    assert outcome(train_type_aware_model(SPEC, TRAIN, VALID, PAIRS, resume_from=rates)) != outcome(whole)


@pytest.mark.parametrize(
    ("train", "valid", "found"),
    [
        (dataclasses.replace(TRAIN, outfits=[np.array([0]), np.array([1, 2])]), VALID, "1 of 2"),
        (TRAIN, outfit_problem(1, 0), "none that can, of 1"),
        (dataclasses.replace(TRAIN, types_n=TYPE_OF_ITS_OWN), VALID, "none of 4 pairs"),
    ],
    ids=["one outfit", "nothing to replace by", "every type once"],
)
def test_outfits_that_cannot_be_learned_from_are_refused(train: OutfitPixels, valid: OutfitPixels, found: str) -> None:
    with pytest.raises(BadDataset, match=found):
        train_type_aware_model(SPEC, train, valid, PAIRS)


def test_a_loss_that_explodes_is_refused() -> None:
    with pytest.raises(BadModel, match="(?s)finite loss.*learning_rate"):
        train_type_aware_model(dataclasses.replace(SPEC, learning_rate=1e30), TRAIN, VALID, PAIRS)


def test_outfits_without_a_stranger_of_any_type_are_refused() -> None:
    # Both outfits hold the same shoes, and no type has an item elsewhere.
    types = ["bags", "shoes", "tops", "hats"]
    train = OutfitPixels(
        TRAIN.pixels_nhwc[:4], types, TRAIN.image_ids_n[:4], [np.arange(3), np.array([1, 3])], ["a", "b"]
    )
    with pytest.raises(BadDataset, match="no step holds a stranger"):
        train_type_aware_model(SPEC, train, VALID, PAIRS)
