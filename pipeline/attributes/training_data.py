"""What training an attribute predictor takes and gives, and what it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline.attributes.catalogue import HeadName
from pipeline.attributes.losses import HuberReduction
from pipeline.attributes.networks import GRID_CELLS
from pipeline.attributes.predictor import PredictorSpec
from pipeline.errors import BadDataset, BadSetting


@dataclass(frozen=True, kw_only=True)
class AttributeTrainingSpec:
    """How a predictor is trained; the defaults are the papers' or, where they are silent, the code's, but for
    the reduction.

    Attributes:
        backbone: name of a trunk.
        head: what stands on it, see `PredictorSpec`.
        region_threshold: of head "regions", see `region_weights`.
        pretrained: name of torchvision weights that the trunk starts from, or None.
        backbone_weights: tensors that the trunk starts from instead, see `load_backbone`.
        freeze_backbone: train the head alone; the trunk keeps its weights and its batch norms' statistics.
        epochs: most epochs.
        batch_size: images per step.
        learning_rate: Adam's, in the first epoch.
        decay: factor on the learning rate after each epoch.
        heatmap_weight: lambda; 0 leaves the heat map loss out and gives the classifier.
        huber_reduction: reduction of the Huber loss that is minimised.
        patience: epochs without a better validation mAP after which training stops.
        seed: of weights and order.
        threads: of the CPU; results differ in bits between thread counts.

    Raises:
        BadSetting: a number is out of range.
    """

    backbone: str
    head: HeadName = "activation_maps"
    region_threshold: float = 0.5
    pretrained: str | None = None
    backbone_weights: Mapping[str, torch.Tensor] | None = field(default=None, repr=False, compare=False)
    freeze_backbone: bool = False
    epochs: int = 300
    batch_size: int = 256
    learning_rate: float = 5e-4
    decay: float = 0.985
    heatmap_weight: float = 5e-3
    huber_reduction: HuberReduction = "sum_attributes"
    patience: int = 20
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in ("epochs", "batch_size", "patience", "threads")}
        wrong = [f"{name} = {value}" for name, value in counts.items() if value < 1]
        if not self.learning_rate > 0:
            wrong.append(f"learning_rate = {self.learning_rate}")
        if not 0 < self.decay <= 1:
            wrong.append(f"decay = {self.decay}")
        if not self.heatmap_weight >= 0:
            wrong.append(f"heatmap_weight = {self.heatmap_weight}")
        if self.heatmap_weight > 0 and self.head != "activation_maps":
            wrong.append(f"heatmap_weight = {self.heatmap_weight} with head {self.head}")
        if self.huber_reduction not in ("mean", "sum_attributes"):
            wrong.append(f"huber_reduction = {self.huber_reduction!r}")
        if wrong:
            raise BadSetting(
                expected="counts of at least 1, a positive learning rate, a decay in (0, 1], a heatmap "
                "weight of at least 0 (0 but for head activation_maps) and a reduction of mean or sum_attributes",
                found=", ".join(wrong),
                where="training of the attribute model",
                remedy="use the defaults",
            )

    def predictor(self, n_attributes: int) -> PredictorSpec:
        """Return the network that is trained, for a vocabulary of this size."""
        return PredictorSpec(self.backbone, n_attributes, self.head, self.region_threshold)


@dataclass(frozen=True)
class TrainingData:
    """Images of one split with what they are to teach.

    Attributes:
        pixels_nhwc: (image, y, x, 3), uint8.
        labels_na: (image, attribute), bool.
        targets_nkcc: (image, reference slot, cell, cell) distributions from `normalise_map`, NaN where a slot
            is empty; None where there are no maps (validation, the classifier).
    """

    pixels_nhwc: npt.NDArray[np.uint8]
    labels_na: npt.NDArray[np.bool_]
    targets_nkcc: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class TrainedPredictor:
    """The best epoch's predictor and how training went.

    Attributes:
        state: arrays by name, as `restore_attribute_predictor` takes them.
        history: one row per epoch: epoch (from 1), huber_loss_mean, huber_loss_sum, heatmap_loss and
            pooled_map_loss (NaN where they are not computed), total_loss, validation_map (a fraction),
            learning_rate, seconds.
        best_epoch: epoch of the largest validation mAP, the first of equals.
        images_without_attributes: training images left out.
    """

    state: dict[str, npt.NDArray[Any]]
    history: list[dict[str, float]]
    best_epoch: int
    images_without_attributes: int


def check_training_data(spec: AttributeTrainingSpec, train: TrainingData, valid: TrainingData) -> None:
    """Refuse data that could not be trained on, before any pass is spent.

    Raises:
        BadDataset: images and labels disagree, no training image has attributes, the heat map loss has no
            map, or validation has no attribute with both a positive and a negative.
        BadSetting: a heatmap weight without maps.
    """
    problem = _data_problem(train, valid)
    if problem is None and spec.heatmap_weight > 0:
        if train.targets_nkcc is None:
            raise BadSetting(
                expected="saliency maps of the training images where heatmap_weight is above 0",
                found="no maps",
                where="training of the attribute model",
                remedy="compute the training maps first, or set heatmap_weight to 0 for the classifier",
            )
        available_n = np.isfinite(train.targets_nkcc).all(axis=(2, 3)).any(axis=-1)
        if not (available_n & train.labels_na.any(axis=1)).any():
            problem = "no saliency map for any training image with attributes"
    if problem is not None:
        raise BadDataset(
            expected="labelled training and validation images of one vocabulary",
            found=problem,
            where="training of the attribute model",
            remedy="check the dataset's splits and attribute labels",
        )


def _data_problem(train: TrainingData, valid: TrainingData) -> str | None:
    """Return what is wrong with images and labels, or None."""
    for name, data in (("training", train), ("validation", valid)):
        if len(data.pixels_nhwc) != len(data.labels_na):
            return f"{len(data.pixels_nhwc)} {name} images with {len(data.labels_na)} rows of labels"
    if train.labels_na.shape[1] != valid.labels_na.shape[1]:
        return f"{train.labels_na.shape[1]} attributes in training, {valid.labels_na.shape[1]} in validation"
    if train.targets_nkcc is not None:
        n_images, *_, height, width = train.targets_nkcc.shape
        if (n_images, height, width) != (len(train.labels_na), GRID_CELLS, GRID_CELLS):
            return f"maps of shape {train.targets_nkcc.shape} for {len(train.labels_na)} training images"
    if not train.labels_na.any():
        return "no training image with an attribute"
    positives_a = valid.labels_na.sum(axis=0)
    if not ((positives_a > 0) & (positives_a < len(valid.labels_na))).any():
        return "no attribute with both a positive and a negative among the validation images"
    return None
