"""Training of the similarity model with pytorch-metric-learning; the epoch that retrieves best is kept.

Triplets where classes say what matches (v1 section 4: images of one animal embed close); regression of the cosine
where the dataset gives graded targets (planted data). No other file imports pytorch-metric-learning.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from pytorch_metric_learning import losses, miners, samplers
from pytorch_metric_learning.utils import common_functions
from torch import nn
from torch.nn import functional

from pipeline.errors import BadDataset, BadModel
from pipeline.images import normalise_pixels
from pipeline.randomness import derive_seed, keyed_rng
from pipeline.similarity.networks import build_embedding_network, network_state
from pipeline.similarity.retrieval import recall_at_1, target_correlation


@dataclass(frozen=True)
class SimilarityTrainingSpec:
    """Settings of one training run.

    Attributes:
        network: a trunk's name.
        embedding_dim: D.
        pretrained: torchvision weights of the trunk, or None.
        objective: "triplet" (labels) or "regression" (graded targets).
        epochs: most epochs.
        patience: epochs without a better validation measure before training stops.
        batch_size: images per step.
        images_per_class: images of one class in a triplet batch.
        learning_rate: Adam's, decayed to zero along a cosine over `epochs`.
        weight_decay: Adam's decoupled weight decay (AdamW).
        margin: of the triplet loss, on unit embeddings.
        flips: mirror half of the training images, drawn afresh each epoch.
        seed: of weights, batches and flips.
    """

    network: str
    embedding_dim: int
    pretrained: str | None
    objective: str
    epochs: int
    patience: int
    batch_size: int
    images_per_class: int
    learning_rate: float
    weight_decay: float
    margin: float
    flips: bool
    seed: int


@dataclass(frozen=True)
class LabelledPixels:
    """Images to train or validate on.

    Attributes:
        pixels_nhwc: uint8 (image, y, x, 3).
        classes_n: int64 class of each image.
        targets_nc: float32 (image, coordinate) whose cosines are the graded similarity, or None.
    """

    pixels_nhwc: np.ndarray
    classes_n: np.ndarray
    targets_nc: np.ndarray | None = None


@dataclass(frozen=True)
class TrainedSimilarityModel:
    """The best epoch's weights and how training went.

    Attributes:
        state: arrays by name.
        history: a row per epoch: epoch, loss, validation_measure, learning_rate, seconds.
        best_epoch: the epoch whose weights are kept, counted from 1.
    """

    state: dict[str, np.ndarray]
    history: list[dict[str, float | int]] = field(default_factory=list)
    best_epoch: int = 0


def train_similarity_model(
    spec: SimilarityTrainingSpec,
    train: LabelledPixels,
    valid: LabelledPixels,
    device: str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
) -> TrainedSimilarityModel:
    """Return the weights of the epoch with the best validation measure.

    The measure is Recall@1 over the validation images ("triplet"), or the correlation of cosines with the
    graded targets over validation pairs ("regression"). On one CPU with one thread count the same call
    returns the same bytes.

    Args:
        spec: settings.
        train: images to learn from.
        valid: images to choose the epoch by.
        device: torch device.
        progress: called after each epoch with (epoch, epochs, validation measure).

    Raises:
        BadDataset: a class with a single training image, fewer than two classes, targets missing, or validation
            images none of which has a match.
        BadModel: the loss becomes NaN or infinite.
    """
    _check_training_data(spec, train)
    network = build_embedding_network(spec.network, spec.embedding_dim, spec.pretrained, spec.seed)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, spec.epochs)
    best: TrainedSimilarityModel = TrainedSimilarityModel({})
    best_measure = -np.inf
    history: list[dict[str, float | int]] = []
    for epoch in range(1, spec.epochs + 1):
        started = time.perf_counter()
        learning_rate = schedule.get_last_lr()[0]
        loss = _train_epoch(spec, network, optimiser, train, epoch, device)
        schedule.step()
        measure = _validation_measure(spec, network, valid, device)
        seconds = time.perf_counter() - started
        history.append(
            {
                "epoch": epoch,
                "loss": loss,
                "validation_measure": measure,
                "learning_rate": learning_rate,  # type: ignore[dict-item]
                "seconds": seconds,
            }
        )
        if not np.isfinite(measure):
            raise BadDataset(
                expected="validation images that have a match",
                found="a validation measure that is not a number",
                where="the validation split",
                remedy="give validation at least two images of a class",
            )
        if measure > best_measure:
            best_measure = measure
            best = TrainedSimilarityModel(network_state(network), best_epoch=epoch)
        if progress is not None:
            progress(epoch, spec.epochs, measure)
        if epoch - best.best_epoch >= spec.patience:
            break
    return TrainedSimilarityModel(best.state, history, best.best_epoch)


def _check_training_data(spec: SimilarityTrainingSpec, train: LabelledPixels) -> None:
    if spec.objective == "regression":
        if train.targets_nc is None:
            raise BadDataset(
                expected="graded similarity targets for every training image",
                found="none",
                where="similarity_model.objective = 'regression'",
                remedy="use objective 'triplet' for datasets that only have classes",
            )
        return
    classes, counts = np.unique(train.classes_n, return_counts=True)
    if len(classes) < 2 or counts.min() < 2:
        raise BadDataset(
            expected="at least two classes with at least two training images each",
            found=f"{len(classes)} classes, {int((counts < 2).sum())} of them with a single image",
            where="the training split",
            remedy="add images, or leave those classes out: a triplet needs two images that match",
        )


def _train_epoch(
    spec: SimilarityTrainingSpec,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    train: LabelledPixels,
    epoch: int,
    device: str,
) -> float:
    network.train()
    flips = keyed_rng(spec.seed, "flips", epoch).random(len(train.pixels_nhwc)) < 0.5
    total, steps = 0.0, 0
    for batch in _batches(spec, train.classes_n, epoch):
        images = _augmented(train.pixels_nhwc[batch], flips[batch] & spec.flips, device)
        loss = _loss(spec, network(images), train, batch)
        if not bool(torch.isfinite(loss)):
            raise BadModel(
                expected="a finite loss",
                found=f"{loss.item()} in epoch {epoch}",
                where="training of the similarity model",
                remedy="lower similarity_model.learning_rate",
            )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total, steps = total + float(loss.item()), steps + 1
    return total / max(steps, 1)


def _batches(spec: SimilarityTrainingSpec, classes_n: np.ndarray, epoch: int) -> Iterator[np.ndarray]:
    if spec.objective == "regression":
        order = keyed_rng(spec.seed, "batches", epoch).permutation(len(classes_n))
    else:
        order = _order_by_class(spec, classes_n, epoch)
    for start in range(0, len(order), spec.batch_size):
        batch = order[start : start + spec.batch_size]
        # Batch norm and pairs both need company.
        if len(batch) >= min(8, len(order)):
            yield batch


def _order_by_class(spec: SimilarityTrainingSpec, classes_n: np.ndarray, epoch: int) -> np.ndarray:
    n_classes = len(np.unique(classes_n))
    per_class = max(2, min(spec.images_per_class, spec.batch_size // 2))
    # The sampler wants whole batches: one list of every class in turn, as long as the training set.
    length = max(len(classes_n) // (per_class * n_classes), 1) * per_class * n_classes
    sampler = samplers.MPerClassSampler(classes_n, m=per_class, length_before_new_iter=length)
    generator = common_functions.NUMPY_RANDOM
    try:
        # The library draws from a module-level generator: lend it ours, then put its own back.
        common_functions.NUMPY_RANDOM = np.random.RandomState(  # noqa: NPY002
            derive_seed(spec.seed, "batches", epoch) % 2**32
        )
        return np.fromiter(iter(sampler), dtype=np.int64)
    finally:
        common_functions.NUMPY_RANDOM = generator


def _augmented(pixels_nhwc: np.ndarray, mirror_n: np.ndarray, device: str) -> torch.Tensor:
    mirrored = np.where(mirror_n[:, None, None, None], pixels_nhwc[:, :, ::-1], pixels_nhwc)
    return normalise_pixels(mirrored, device)


def _loss(spec: SimilarityTrainingSpec, raw: torch.Tensor, train: LabelledPixels, batch: np.ndarray) -> torch.Tensor:
    embeddings = functional.normalize(raw, dim=1)
    if spec.objective == "regression" and train.targets_nc is not None:
        targets = functional.normalize(torch.tensor(train.targets_nc[batch], dtype=torch.float32), dim=1)
        wanted = (targets @ targets.T).to(embeddings.device)
        off_diagonal = ~torch.eye(len(batch), dtype=torch.bool, device=embeddings.device)
        return (embeddings @ embeddings.T - wanted)[off_diagonal].square().mean()
    labels = torch.tensor(train.classes_n[batch], device=embeddings.device)
    mined = miners.TripletMarginMiner(margin=spec.margin, type_of_triplets="semihard")(embeddings, labels)
    if len(mined[0]) == 0:
        mined = miners.BatchHardMiner()(embeddings, labels)
    triplet_loss: torch.Tensor = losses.TripletMarginLoss(margin=spec.margin)(embeddings, labels, mined)
    return triplet_loss


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
