"""Training an attribute predictor: SANE with a heat map loss, the plain classifier without it.

Arrays in, arrays out. Bit-for-bit repeatable on a CPU for equal settings, thread count included. Cost: one
forward and backward pass per training image and epoch, one forward pass per validation image and epoch.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.attributes.losses import attribute_targets, heatmap_loss, huber_loss
from pipeline.attributes.predictor import AttributePredictor, build_attribute_predictor, predict_attributes
from pipeline.attributes.training_data import (
    AttributeTrainingSpec,
    TrainedPredictor,
    TrainingData,
    check_training_data,
)
from pipeline.errors import BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import keyed_rng
from pipeline.training_state import Learner, SaveState, TrainingProgress, TrainingState, restore_state, take_state

__all__ = ["AttributeTrainingSpec", "TrainedPredictor", "TrainingData", "train_attribute_predictor"]


def train_attribute_predictor(
    spec: AttributeTrainingSpec,
    train: TrainingData,
    valid: TrainingData,
    device: str,
    progress: Callable[[int, int, float], None] | None = None,
    resume_from: TrainingState | None = None,
    save_state: SaveState | None = None,
) -> TrainedPredictor:
    """Return the predictor of the epoch with the best validation mAP (on logits).

    There is no augmentation, because a flipped image would need flipped maps.

    Args:
        spec: settings.
        train: images to learn from.
        valid: images to choose the epoch by.
        device: torch device.
        progress: called after each epoch with the epoch, the number of epochs and the epoch's total loss.
        resume_from: saved by a call with the same settings and images; its epochs are not trained again.
        save_state: called after each epoch with a function that takes the state.

    Raises:
        BadDataset: images and labels disagree, no training image has attributes, the heat map loss has no
            map, or validation has no attribute with both a positive and a negative.
        BadModel: the loss is not finite, or the state to go on from belongs to another predictor.
        BadSetting: a heatmap weight without maps, or an unknown backbone.

    Source: v1 section 3.1 and appendix; learning rate, decay and batch of the authors' code.
    """
    check_training_data(spec, train, valid)
    model = build_attribute_predictor(spec.backbone, train.labels_na.shape[1], spec.pretrained, spec.seed)
    learner = Learner(model, torch.optim.Adam(model.to(device).parameters(), lr=spec.learning_rate))
    so_far = TrainingProgress() if resume_from is None else restore_state(resume_from, learner)
    with _thread_count(spec.threads):
        while not so_far.is_over(spec.epochs, spec.patience):
            row = _run_epoch(model, learner.optimiser, spec, train, valid, so_far.epoch + 1)
            so_far.add_epoch(row, row["validation_map"], model)
            if progress is not None:
                progress(so_far.epoch, spec.epochs, row["total_loss"])
            if save_state is not None:
                save_state(partial(take_state, learner, so_far))
    images_without_attributes = int((~train.labels_na.any(axis=1)).sum())
    return TrainedPredictor(so_far.best_weights, so_far.history, so_far.best_epoch, images_without_attributes)


def _run_epoch(
    model: AttributePredictor,
    optimiser: torch.optim.Optimizer,
    spec: AttributeTrainingSpec,
    train: TrainingData,
    valid: TrainingData,
    epoch: int,
) -> dict[str, float]:
    """Train for one epoch, in an order keyed by seed and epoch, validate, and return the history's row."""
    started_s = time.perf_counter()
    learning_rate = spec.learning_rate * spec.decay ** (epoch - 1)
    optimiser.param_groups[0]["lr"] = learning_rate
    kept_n = np.flatnonzero(train.labels_na.any(axis=1))
    order = kept_n[keyed_rng(spec.seed, epoch, "attribute training order").permutation(len(kept_n))]
    losses = _train_epoch(model, optimiser, spec, train, order)
    device = str(model.attribute_maps.weight.device)
    logits_na, _ = predict_attributes(model, valid.pixels_nhwc, spec.batch_size, device)
    return {
        "epoch": epoch,
        **losses,
        "validation_map": mean_average_precision(logits_na, valid.labels_na).value,
        "learning_rate": learning_rate,
        "seconds": time.perf_counter() - started_s,
    }


def _train_epoch(
    model: AttributePredictor,
    optimiser: torch.optim.Optimizer,
    spec: AttributeTrainingSpec,
    train: TrainingData,
    order: npt.NDArray[np.int64],
) -> dict[str, float]:
    """Take one step per batch in this order; return the epoch's mean losses over its images."""
    model.train()
    sums: dict[str, float] = dict.fromkeys(("huber_loss_mean", "huber_loss_sum", "heatmap_loss", "total_loss"), 0.0)
    for start in range(0, len(order), spec.batch_size):
        batch_n = order[start : start + spec.batch_size]
        losses = _batch_losses(model, spec, train, batch_n)
        optimiser.zero_grad(set_to_none=True)
        losses["total_loss"].backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        for name, value in losses.items():
            sums[name] += float(value.detach()) * len(batch_n) / len(order)
    if not np.isfinite(sums["total_loss"]):
        raise BadModel(
            expected="a finite training loss",
            found=f"total_loss = {sums['total_loss']}",
            where="training of the attribute model",
            remedy="lower attribute_model.learning_rate",
        )
    return sums


def _batch_losses(
    model: AttributePredictor,
    spec: AttributeTrainingSpec,
    train: TrainingData,
    batch_n: npt.NDArray[np.int64],
) -> dict[str, torch.Tensor]:
    """Return the losses of one batch; the heat map loss is NaN, and uncomputed, for the classifier."""
    device = model.attribute_maps.weight.device
    labels_na = torch.from_numpy(train.labels_na[batch_n]).to(device)
    logits_na, activations_nahw = model(normalise_pixels(train.pixels_nhwc[batch_n], str(device)))
    confidences_na, targets_na = logits_na.softmax(dim=1), attribute_targets(labels_na)
    losses = {
        "huber_loss_mean": huber_loss(confidences_na, targets_na, "mean"),
        "huber_loss_sum": huber_loss(confidences_na, targets_na, "sum_attributes"),
        "heatmap_loss": torch.tensor(torch.nan),
    }
    total = losses["huber_loss_mean" if spec.huber_reduction == "mean" else "huber_loss_sum"]
    if spec.heatmap_weight > 0 and train.targets_nkcc is not None:
        targets_nkcc = torch.from_numpy(train.targets_nkcc[batch_n]).to(device)
        losses["heatmap_loss"] = heatmap_loss(activations_nahw, targets_nkcc, labels_na)
        total = total + spec.heatmap_weight * losses["heatmap_loss"]
    return losses | {"total_loss": total}


@contextmanager
def _thread_count(threads: int) -> Iterator[None]:
    """Use this many CPU threads within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
