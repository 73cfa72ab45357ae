"""Passes of the two kinds of training: images x epochs, fewer where training stops early."""

from dataclasses import dataclass

from flows.costs.facts import Facts
from flows.costs.network_sizes import FLOAT32_BYTES, attribute_predictor_size, embedding_network_size
from flows.costs.parts import ArraysSize, PartSize, TableSize, TensorsSize
from flows.engine.stage import Stage
from flows.readers.outfits import outfit_positions
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from pipeline.similarity.type_aware.outfit_pixels import outfit_images_per_epoch
from pipeline.similarity.type_aware.trained_conditions import trained_conditions


@dataclass(frozen=True)
class TrainingWork:
    """Passes forward (validation) and forward and backward (training), and what is written."""

    forward_passes: int
    training_passes: int
    parts: tuple[PartSize, ...]
    is_upper_bound: bool


def similarity_training(stage: Stage, facts: Facts) -> TrainingWork:
    """Return the training of the similarity model; none where its weights come from a file."""
    settings = stage.settings
    size, tensors = embedding_network_size(settings["network"], settings["embedding_dim"])
    if stage.paths["weights"] is not None:
        return TrainingWork(0, 0, (TensorsSize(tensors, size), TableSize("training_history", 0)), False)
    train, valid = facts.rows("train"), facts.rows("valid")
    objective = settings["objective"]
    if objective == "auto":
        graded = all(row["similarity_target"] is not None for row in train)
        objective = "regression" if graded else "triplet"
    classes = len({row["label"] for row in train})
    per_epoch = training_images_per_epoch(
        objective, len(train), classes, settings["batch_size"], settings["images_per_class"]
    )
    epochs = settings["epochs"]
    parts = (TensorsSize(tensors, size), TableSize("training_history", epochs))
    is_bound = may_stop_early(epochs, settings["patience"]) or not facts.images_are_certain
    return TrainingWork(epochs * len(valid), epochs * per_epoch, parts, is_bound)


def type_aware_training(stage: Stage, facts: Facts) -> TrainingWork:
    """Return the training of a type-aware model: items pass once for each of their outfits, whatever the triplets."""
    settings = stage.settings
    size, tensors = embedding_network_size(settings["network"], settings["embedding_dim"])
    train, valid = facts.rows("train"), facts.rows("valid")
    outfits = outfit_positions([row["image_id"] for row in train], facts.outfits("train"))
    conditions = trained_conditions([row["label"] for row in train], outfits, sorted(facts.conditions))
    epochs = settings["epochs"]
    masks = FLOAT32_BYTES * len(conditions) * settings["embedding_dim"]
    parts = (
        TensorsSize(tensors, size),
        TableSize("training_history", epochs),
        ArraysSize(1, masks),
        TableSize("conditions", len(conditions)),
    )
    per_epoch = outfit_images_per_epoch([len(members) for members in outfits])
    is_bound = may_stop_early(epochs, settings["patience"]) or not facts.images_are_certain
    return TrainingWork(epochs * len(valid), epochs * per_epoch, parts, is_bound)


def attribute_training(stage: Stage, facts: Facts) -> TrainingWork:
    """Return the training of an attribute predictor; images without attributes are left out."""
    settings = stage.settings["training"]
    size, tensors = attribute_predictor_size(settings["backbone"], len(facts.attribute_names))
    labelled = sum(1 for row in facts.rows("train") if row["attributes"])
    epochs = settings["epochs"]
    parts = (TensorsSize(tensors, size), TableSize("training_history", epochs))
    is_bound = may_stop_early(epochs, settings["patience"]) or not facts.images_are_certain
    return TrainingWork(epochs * len(facts.rows("valid")), epochs * labelled, parts, is_bound)


def may_stop_early(epochs: int, patience: int) -> bool:
    """Return whether a training may end before its last epoch: the first epoch is always the best so far."""
    return epochs > patience + 1
