"""Training an attribute predictor: SANE with a heat map loss, the classifiers without it, FashionSearchNet with two.

Arrays in, arrays out. Bit-for-bit repeatable on a CPU for equal settings, thread count included. Cost: one
forward and backward pass per training image and epoch, one forward pass per validation image and epoch; with a frozen
backbone one forward pass per image in all, and its head's passes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from pipeline.attributes.average_precision import mean_average_precision
from pipeline.attributes.losses import attribute_targets, heatmap_loss, huber_loss
from pipeline.attributes.networks import AttributePredictor, Prediction
from pipeline.attributes.predictor import (
    build_attribute_predictor,
    predict_attributes,
    predict_from_features,
    trunk_features,
)
from pipeline.attributes.training_data import (
    AttributeTrainingSpec,
    TrainedPredictor,
    TrainingData,
    check_training_data,
)
from pipeline.backbone_weights import load_backbone
from pipeline.errors import BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import keyed_rng
from pipeline.training_state import Learner, SaveState, TrainingProgress, TrainingState, restore_state, take_state

LOSSES = ("huber_loss_mean", "huber_loss_sum", "pooled_map_loss", "heatmap_loss", "total_loss")

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
        BadModel: the loss is not finite, the state to go on from belongs to another predictor, or the weights to
            start from to another backbone.
        BadSetting: a heatmap weight without maps, or an unknown backbone.

    Source: v1 section 3.1 and appendix; learning rate, decay and batch of the authors' code.
    """
    check_training_data(spec, train, valid)
    model = _starting_model(spec, train.labels_na.shape[1]).to(device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    learner = Learner(model, torch.optim.Adam(trained, lr=spec.learning_rate))
    so_far = TrainingProgress() if resume_from is None else restore_state(resume_from, learner)
    with _thread_count(spec.threads):
        splits = _Split.of(model, spec, train), _Split.of(model, spec, valid)
        while not so_far.is_over(spec.epochs, spec.patience):
            row = _run_epoch(learner, spec, *splits, so_far.epoch + 1)
            so_far.add_epoch(row, row["validation_map"], model)
            if progress is not None:
                progress(so_far.epoch, spec.epochs, row["total_loss"])
            if save_state is not None:
                save_state(partial(take_state, learner, so_far))
    images_without_attributes = int((~train.labels_na.any(axis=1)).sum())
    return TrainedPredictor(so_far.best_weights, so_far.history, so_far.best_epoch, images_without_attributes)


def _starting_model(spec: AttributeTrainingSpec, n_attributes: int) -> AttributePredictor:
    """Return the predictor before the first step, its trunk from given weights and frozen where that is asked for."""
    model = build_attribute_predictor(spec.predictor(n_attributes), spec.pretrained, spec.seed)
    if spec.backbone_weights is not None:
        load_backbone(model.trunk, spec.backbone_weights, "attribute_model.backbone_weights")
    model.trunk.requires_grad_(not spec.freeze_backbone)
    return model


@dataclass(frozen=True)
class _Split:
    """A split with the predictor that learns from it.

    Attributes:
        model: the predictor.
        data: images and labels.
        features_nchw: what a frozen trunk makes of the images; None where the trunk is trained.
    """

    model: AttributePredictor
    data: TrainingData
    features_nchw: npt.NDArray[np.float32] | None

    @classmethod
    def of(cls, model: AttributePredictor, spec: AttributeTrainingSpec, data: TrainingData) -> "_Split":
        """Return the split, the trunk's features computed where the trunk is frozen."""
        if not spec.freeze_backbone:
            return cls(model, data, None)
        return cls(model, data, trunk_features(model, data.pixels_nhwc, spec.batch_size, str(model.device)))

    def batch(self, rows: npt.NDArray[np.int64]) -> Prediction:
        """Return the prediction for a batch, in the model's own mode."""
        device = self.model.device
        if self.features_nchw is not None:
            return self.model.predict_features(torch.from_numpy(self.features_nchw[rows]).to(device))
        prediction: Prediction = self.model(normalise_pixels(self.data.pixels_nhwc[rows], str(device)))
        return prediction

    def logits(self, batch_size: int) -> npt.NDArray[np.float32]:
        """Return logits (image, attribute) of the whole split in evaluation mode."""
        if self.features_nchw is not None:
            return predict_from_features(self.model, self.features_nchw, batch_size)[0]
        return predict_attributes(self.model, self.data.pixels_nhwc, batch_size, str(self.model.device))[0]


def _run_epoch(
    learner: Learner, spec: AttributeTrainingSpec, train: _Split, valid: _Split, epoch: int
) -> dict[str, float]:
    """Train for one epoch, in an order keyed by seed and epoch, validate, and return the history's row."""
    started_s = time.perf_counter()
    learning_rate = spec.learning_rate * spec.decay ** (epoch - 1)
    learner.optimiser.param_groups[0]["lr"] = learning_rate
    kept_n = np.flatnonzero(train.data.labels_na.any(axis=1))
    order = kept_n[keyed_rng(spec.seed, epoch, "attribute training order").permutation(len(kept_n))]
    losses = _train_epoch(learner.optimiser, spec, train, order)
    return {
        "epoch": epoch,
        **losses,
        "validation_map": mean_average_precision(valid.logits(spec.batch_size), valid.data.labels_na).value,
        "learning_rate": learning_rate,
        "seconds": time.perf_counter() - started_s,
    }


def _train_epoch(
    optimiser: torch.optim.Optimizer, spec: AttributeTrainingSpec, train: _Split, order: npt.NDArray[np.int64]
) -> dict[str, float]:
    """Take one step per batch in this order; return the epoch's mean losses over its images."""
    train.model.train()
    sums: dict[str, float] = dict.fromkeys(LOSSES, 0.0)
    for start in range(0, len(order), spec.batch_size):
        batch_n = order[start : start + spec.batch_size]
        losses = _batch_losses(spec, train, batch_n)
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
    spec: AttributeTrainingSpec, train: _Split, batch_n: npt.NDArray[np.int64]
) -> dict[str, torch.Tensor]:
    """Return the losses of one batch; NaN those that this predictor does not have."""
    labels_na = torch.from_numpy(train.data.labels_na[batch_n]).to(train.model.device)
    logits_na, activations_nahw = train.batch(batch_n)
    confidences_na, targets_na = logits_na.softmax(dim=1), attribute_targets(labels_na)
    losses = {
        "huber_loss_mean": huber_loss(confidences_na, targets_na, "mean"),
        "huber_loss_sum": huber_loss(confidences_na, targets_na, "sum_attributes"),
        "pooled_map_loss": torch.tensor(torch.nan),
        "heatmap_loss": torch.tensor(torch.nan),
    }
    total = losses["huber_loss_mean" if spec.huber_reduction == "mean" else "huber_loss_sum"]
    if spec.head == "regions" and activations_nahw is not None:
        pooled_na = activations_nahw.mean(dim=(2, 3)).softmax(dim=1)
        losses["pooled_map_loss"] = huber_loss(pooled_na, targets_na, spec.huber_reduction)
        total = total + losses["pooled_map_loss"]
    targets_nkcc = train.data.targets_nkcc
    if spec.heatmap_weight > 0 and targets_nkcc is not None and activations_nahw is not None:
        batch_targets_nkcc = torch.from_numpy(targets_nkcc[batch_n]).to(train.model.device)
        losses["heatmap_loss"] = heatmap_loss(activations_nahw, batch_targets_nkcc, labels_na)
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
