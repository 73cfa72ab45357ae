"""Training of the type-aware model; the epoch that tells validation outfits best from replaced ones is kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from pipeline.errors import BadDataset, BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import keyed_rng
from pipeline.similarity.compatibility.auc import compatibility_auc
from pipeline.similarity.compatibility.outfit_draws import OutfitPool, ReplacedOutfit, replaced_outfits
from pipeline.similarity.compatibility.outfit_scores import OutfitScorer
from pipeline.similarity.conditions import ConditionMasks
from pipeline.similarity.networks import start_from
from pipeline.similarity.training.batches import mirrored_images
from pipeline.similarity.type_aware.batches import (
    OutfitGraph,
    build_outfit_graph,
    epoch_outfits,
    step_rows,
    step_triplets,
)
from pipeline.similarity.type_aware.losses import TypeAwareWeights, type_aware_loss
from pipeline.similarity.type_aware.model import TypeAwareNetwork, build_type_aware_network, split_state
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels, usable_outfits
from pipeline.similarity.type_aware.trained_conditions import trained_conditions
from pipeline.training_state import Learner, SaveState, TrainingProgress, TrainingState, restore_state, take_state


@dataclass(frozen=True)
class TypeAwareTrainingSpec:
    """Settings of one training run.

    Attributes:
        network: a trunk's name.
        embedding_dim: D.
        pretrained: torchvision weights of the trunk, or None.
        epochs: most epochs.
        patience: epochs without a better validation measure before training stops.
        batch_size: images per step, about: steps are whole outfits.
        negatives: most negatives drawn for each pair of items.
        learning_rate: Adam's, decayed to zero along a cosine over `epochs`.
        weight_decay: Adam's decoupled weight decay (AdamW), on the network, not on the masks.
        weights: margin and weights of the loss's terms.
        flips: mirror half of the training images, drawn afresh each epoch.
        seed: of weights, steps, negatives and flips.
        backbone_weights: tensors that the trunk starts from instead, see `load_backbone`.
    """

    network: str
    embedding_dim: int
    pretrained: str | None
    epochs: int
    patience: int
    batch_size: int
    negatives: int
    learning_rate: float
    weight_decay: float
    weights: TypeAwareWeights
    flips: bool
    seed: int
    backbone_weights: Mapping[str, torch.Tensor] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class TrainedTypeAwareModel:
    """The best epoch's weights and how training went.

    Attributes:
        state: arrays of the general embedding network by name.
        masks: of every given type pair that the training outfits hold.
        history: a row per epoch: epoch, loss, validation_measure, learning_rate, seconds.
        best_epoch: the epoch whose weights are kept, counted from 1.
    """

    state: dict[str, np.ndarray]
    masks: ConditionMasks
    history: list[dict[str, float]]
    best_epoch: int


@dataclass(frozen=True)
class _Task:
    """What stays the same over all epochs."""

    spec: TypeAwareTrainingSpec
    train: OutfitPixels
    graph: OutfitGraph
    conditions: tuple[str, ...]
    valid: OutfitPixels
    replaced: list[ReplacedOutfit]
    device: str


def train_type_aware_model(
    spec: TypeAwareTrainingSpec,
    train: OutfitPixels,
    valid: OutfitPixels,
    conditions: Sequence[str],
    device: str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
    resume_from: TrainingState | None = None,
    save_state: SaveState | None = None,
) -> TrainedTypeAwareModel:
    """Return weights and masks of the epoch with the best validation measure.

    The measure is the compatibility AUC of the validation outfits, each against a copy whose items are replaced by
    others of their types. On one CPU with one thread count the same call returns the same bytes, also where it goes
    on from a state that such a call saved.

    Args:
        spec: settings.
        train: images and outfits to learn from.
        valid: images and outfits to choose the epoch by.
        conditions: names of the type pairs that may have a mask, in their order. Those that no training outfit holds
            get none; pairs of a training outfit that are not among them teach nothing.
        device: torch device.
        progress: called after each epoch with (epoch, epochs, validation measure).
        resume_from: saved by a call with the same settings and images; its epochs are not trained again.
        save_state: called after each epoch with a function that takes the state.

    Raises:
        BadDataset: no training outfits with two items, none of whose pairs has a negative, or validation outfits
            none of which can be replaced.
        BadModel: the loss becomes NaN or infinite, or the state to go on from belongs to another network.
    """
    task = _prepare(spec, train, valid, conditions, device)
    learner = _build_learner(task)
    so_far = TrainingProgress() if resume_from is None else restore_state(resume_from, learner)
    while not so_far.is_over(spec.epochs, spec.patience):
        row = _run_epoch(task, learner, so_far.epoch + 1)
        so_far.add_epoch(row, row["validation_measure"], learner.network)
        if progress is not None:
            progress(so_far.epoch, spec.epochs, row["validation_measure"])
        if save_state is not None:
            save_state(partial(take_state, learner, so_far))
    state, masks_cd = split_state(so_far.best_weights)
    return TrainedTypeAwareModel(state, ConditionMasks(task.conditions, masks_cd), so_far.history, so_far.best_epoch)


def _prepare(
    spec: TypeAwareTrainingSpec, train: OutfitPixels, valid: OutfitPixels, conditions: Sequence[str], device: str
) -> _Task:
    usable = len(usable_outfits(train.outfits))
    if usable < 2:
        raise _bad_outfits("at least two training outfits of two items or more", f"{usable} of {len(train.outfits)}")
    trained = trained_conditions(train.types_n, train.outfits, conditions)
    if not trained:
        raise _bad_outfits("training outfits that hold one of the type pairs", f"none of {len(conditions)} pairs")
    pool = OutfitPool(valid.types_n, valid.image_ids_n, valid.outfits, valid.outfit_ids)
    replaced = replaced_outfits(pool, spec.seed)
    if not replaced:
        found = f"none that can, of {len(valid.outfits)}"
        raise _bad_outfits("validation outfits whose items can be replaced by others of their types", found)
    return _Task(spec, train, build_outfit_graph(train, trained), trained, valid, replaced, device)


def _bad_outfits(expected: str, found: str) -> BadDataset:
    return BadDataset(
        expected=expected,
        found=found,
        where="the outfits of the dataset",
        remedy="give more outfits, or more items of each type",
    )


def _build_learner(task: _Task) -> Learner:
    spec = task.spec
    network = build_type_aware_network(
        spec.network, spec.embedding_dim, len(task.conditions), spec.pretrained, spec.seed
    )
    start_from(network.general, spec.backbone_weights)
    network = network.to(task.device)
    network.general = network.general.to(memory_format=torch.channels_last)
    # The masks have a penalty of their own.
    groups = [
        {"params": list(network.general.parameters()), "weight_decay": spec.weight_decay},
        {"params": [network.type_masks], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=spec.learning_rate)
    return Learner(network, optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, spec.epochs))


def _run_epoch(task: _Task, learner: Learner, epoch: int) -> dict[str, float]:
    """Train for one epoch, validate, and return the history's row."""
    started = time.perf_counter()
    learning_rate = float(learner.optimiser.param_groups[0]["lr"])
    network = _type_aware(learner)
    loss = _train_epoch(task, network, learner.optimiser, epoch)
    if learner.schedule is not None:
        learner.schedule.step()
    return {
        "epoch": epoch,
        "loss": loss,
        "validation_measure": _validation_measure(task, network),
        "learning_rate": learning_rate,
        "seconds": time.perf_counter() - started,
    }


def _type_aware(learner: Learner) -> TypeAwareNetwork:
    assert isinstance(learner.network, TypeAwareNetwork)
    return learner.network


def _train_epoch(task: _Task, network: TypeAwareNetwork, optimiser: torch.optim.Optimizer, epoch: int) -> float:
    """Take one step per group of outfits; return the mean loss over the steps."""
    spec, train = task.spec, task.train
    network.train()
    flips = keyed_rng(spec.seed, "flips", epoch).random(len(train.pixels_nhwc)) < 0.5
    total, steps = 0.0, 0
    for step, outfits in enumerate(epoch_outfits(train, spec.batch_size, spec.seed, epoch)):
        rows, outfit_of_row = step_rows(train, outfits)
        key = (spec.seed, "negatives", epoch, step)
        triplets = step_triplets(task.graph, rows, outfit_of_row, spec.negatives, key)
        if not len(triplets):
            continue
        images = mirrored_images(train.pixels_nhwc[rows], flips[rows] & spec.flips, task.device)
        loss = type_aware_loss(spec.weights, network(images), network.masks(), triplets)
        if not bool(torch.isfinite(loss)):
            raise BadModel(
                expected="a finite loss",
                found=f"{loss.item()} in epoch {epoch}",
                where="training of the type-aware similarity model",
                remedy="lower similarity_model.learning_rate",
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total, steps = total + float(loss.item()), steps + 1
    if not steps:
        found = f"none in epoch {epoch}: no step holds a stranger of an item's type"
        raise _bad_outfits("triplets: items of one outfit, and another of the same type from elsewhere", found)
    return total / steps


def _validation_measure(task: _Task, network: TypeAwareNetwork) -> float:
    network.eval()
    valid, size = task.valid, task.spec.batch_size
    with torch.inference_mode():
        raw = [
            network(normalise_pixels(valid.pixels_nhwc[start : start + size], task.device))
            for start in range(0, len(valid.pixels_nhwc), size)
        ]
        embeddings_nd = functional.normalize(torch.cat(raw), dim=1).cpu().numpy()
        masks = ConditionMasks(task.conditions, network.masks().cpu().numpy())
    scorer = OutfitScorer(embeddings_nd, valid.types_n, masks)
    real_o = scorer.outfit_scores([outfit.items for outfit in task.replaced])
    return compatibility_auc(real_o, scorer.outfit_scores([outfit.replaced for outfit in task.replaced]))
