"""What training the similarity model takes and gives, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.errors import BadDataset
from pipeline.similarity.training.class_sizes import check_class_sizes

if TYPE_CHECKING:
    import torch


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
        stripes: horizontal stripes that share the embedding, see `StripeHead`; 0 for none.
        backbone_weights: tensors that the trunk starts from instead, see `load_backbone`.
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
    stripes: int = 0
    backbone_weights: "Mapping[str, torch.Tensor] | None" = field(default=None, repr=False, compare=False)


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
    history: list[dict[str, float]]
    best_epoch: int


def without_lone_classes(train: LabelledPixels) -> LabelledPixels:
    """Return the images whose class has another image: a triplet needs two that match, so the others teach nothing."""
    counts = np.bincount(train.classes_n)
    kept = np.flatnonzero(counts[train.classes_n] > 1)
    if len(kept) == len(train.classes_n):
        return train
    targets_nc = None if train.targets_nc is None else train.targets_nc[kept]
    return LabelledPixels(train.pixels_nhwc[kept], train.classes_n[kept], targets_nc)


def check_training_data(spec: SimilarityTrainingSpec, train: LabelledPixels) -> None:
    """Refuse images that the objective cannot learn from, before any pass is spent.

    Raises:
        BadDataset: a class with a single training image or with fewer than a batch takes of each, fewer than two
            classes, or targets missing.
    """
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
    check_class_sizes(counts, spec.batch_size, spec.images_per_class)


def check_validation_measure(measure: float) -> None:
    """Refuse a measure that is not a number, as of validation images none of which has a match.

    Raises:
        BadDataset: see above.
    """
    if not np.isfinite(measure):
        raise BadDataset(
            expected="validation images that have a match",
            found="a validation measure that is not a number",
            where="the validation split",
            remedy="give validation at least two images of a class",
        )
