"""Training of the similarity model with pytorch-metric-learning; the epoch that retrieves best is kept.

Triplets where classes say what matches (v1 section 4: images of one animal embed close); regression of the cosine
where the dataset gives graded targets (planted data).
"""

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import keyed_rng
from pipeline.similarity.networks import build_embedding_network, start_from
from pipeline.similarity.retrieval import recall_at_1, target_correlation
from pipeline.similarity.training.batches import epoch_batches, mirrored_images
from pipeline.similarity.training.data import (
    LabelledPixels,
    SimilarityTrainingSpec,
    TrainedSimilarityModel,
    check_training_data,
    check_validation_measure,
)
from pipeline.similarity.training.losses import embedding_loss
from pipeline.training_state import Learner, SaveState, TrainingProgress, TrainingState, restore_state, take_state

__all__ = ["LabelledPixels", "SimilarityTrainingSpec", "TrainedSimilarityModel", "train_similarity_model"]


def train_similarity_model(
    spec: SimilarityTrainingSpec,
    train: LabelledPixels,
    valid: LabelledPixels,
    device: str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
    resume_from: TrainingState | None = None,
    save_state: SaveState | None = None,
) -> TrainedSimilarityModel:
    """Return the weights of the epoch with the best validation measure.

    The measure is Recall@1 over the validation images ("triplet"), or the correlation of cosines with the
    graded targets over validation pairs ("regression"). On one CPU with one thread count the same call
    returns the same bytes, also where it goes on from a state that such a call saved.

    Args:
        spec: settings.
        train: images to learn from.
        valid: images to choose the epoch by.
        device: torch device.
        progress: called after each epoch with (epoch, epochs, validation measure).
        resume_from: saved by a call with the same settings and images; its epochs are not trained again.
        save_state: called after each epoch with a function that takes the state.

    Raises:
        BadDataset: a class with a single training image, fewer than two classes, targets missing, or validation
            images none of which has a match.
        BadModel: the loss becomes NaN or infinite, or the state to go on from belongs to another network.
    """
    check_training_data(spec, train)
    learner = _build_learner(spec, device)
    so_far = TrainingProgress() if resume_from is None else restore_state(resume_from, learner)
    while not so_far.is_over(spec.epochs, spec.patience):
        row = _run_epoch(spec, learner, train, valid, so_far.epoch + 1, device)
        so_far.add_epoch(row, row["validation_measure"], learner.network)
        if progress is not None:
            progress(so_far.epoch, spec.epochs, row["validation_measure"])
        if save_state is not None:
            save_state(partial(take_state, learner, so_far))
    return TrainedSimilarityModel(so_far.best_weights, so_far.history, so_far.best_epoch)


def _build_learner(spec: SimilarityTrainingSpec, device: str) -> Learner:
    network = build_embedding_network(spec.network, spec.embedding_dim, spec.pretrained, spec.seed)
    start_from(network, spec.backbone_weights)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay)
    return Learner(network, optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, spec.epochs))


def _run_epoch(
    spec: SimilarityTrainingSpec,
    learner: Learner,
    train: LabelledPixels,
    valid: LabelledPixels,
    epoch: int,
    device: str,
) -> dict[str, float]:
    """Train for one epoch, validate, and return the history's row."""
    started = time.perf_counter()
    learning_rate = float(learner.optimiser.param_groups[0]["lr"])
    loss = _train_epoch(spec, learner, train, epoch, device)
    if learner.schedule is not None:
        learner.schedule.step()
    measure = _validation_measure(spec, learner.network, valid, device)
    check_validation_measure(measure)
    return {
        "epoch": epoch,
        "loss": loss,
        "validation_measure": measure,
        "learning_rate": learning_rate,
        "seconds": time.perf_counter() - started,
    }


def _train_epoch(
    spec: SimilarityTrainingSpec, learner: Learner, train: LabelledPixels, epoch: int, device: str
) -> float:
    """Take one step per batch; return the mean loss over the steps."""
    learner.network.train()
    flips = keyed_rng(spec.seed, "flips", epoch).random(len(train.pixels_nhwc)) < 0.5
    total, steps = 0.0, 0
    for batch in epoch_batches(spec, train.classes_n, epoch):
        images = mirrored_images(train.pixels_nhwc[batch], flips[batch] & spec.flips, device)
        loss = embedding_loss(spec, learner.network(images), train, batch)
        if not bool(torch.isfinite(loss)):
            raise BadModel(
                expected="a finite loss",
                found=f"{loss.item()} in epoch {epoch}",
                where="training of the similarity model",
                remedy="lower similarity_model.learning_rate",
            )
        learner.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        learner.optimiser.step()
        total, steps = total + float(loss.item()), steps + 1
    return total / max(steps, 1)


def _validation_measure(spec: SimilarityTrainingSpec, network: nn.Module, valid: LabelledPixels, device: str) -> float:
    network.eval()
    with torch.inference_mode():
        raw = [
            network(normalise_pixels(valid.pixels_nhwc[start : start + spec.batch_size], device))
            for start in range(0, len(valid.pixels_nhwc), spec.batch_size)
        ]
        embeddings_nd = functional.normalize(torch.cat(raw), dim=1).cpu().numpy()
    if spec.objective == "regression" and valid.targets_nc is not None:
        return target_correlation(embeddings_nd, valid.targets_nc)
    return recall_at_1(embeddings_nd, valid.classes_n)
