"""The networks of the attribute models: a trunk, and a head with or without an activation map per attribute.

Cost per image: the trunk plus, for activation maps, 9 x channels x attributes multiplications per grid cell
(2.5 MMAC for 85 attributes on ResNet-18).
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import nn

from pipeline.area_pooling import area_weights
from pipeline.networks import Trunk

GRID_CELLS = 4


class Prediction(NamedTuple):
    """What a predictor says of images.

    Attributes:
        logits_na: (image, attribute), float32; softmax over attributes makes them confidences.
        activations_nahw: (image, attribute, cell, cell), float32, or None for a head without maps.
    """

    logits_na: torch.Tensor
    activations_nahw: torch.Tensor | None


class AttributePredictor(nn.Module, ABC):
    """A trunk with any head."""

    def __init__(self, trunk: Trunk, n_attributes: int) -> None:
        super().__init__()
        self.n_attributes = n_attributes
        self.trunk = trunk.module

    def forward(self, images_nchw: torch.Tensor) -> Prediction:
        """Return the prediction for normalised images."""
        return self.predict_features(self.trunk(images_nchw))

    @abstractmethod
    def predict_features(self, features_nchw: torch.Tensor) -> Prediction:
        """Return the prediction from the trunk's features."""

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device


class ActivationMapPredictor(AttributePredictor):
    """A 3 x 3 convolution without bias, one channel per attribute; a logit is the mean of its map.

    Source: v1 section 3.1; supplement of the published version, section 2.1.
    Departure: a trunk whose grid is not 4 x 4 (other input sizes, three stages) has its maps averaged onto
    4 x 4 by area, with the very weights that pool saliency maps, so that the two are always compared alike.
    """

    def __init__(self, trunk: Trunk, n_attributes: int) -> None:
        super().__init__(trunk, n_attributes)
        self.attribute_maps = nn.Conv2d(trunk.channels, n_attributes, 3, padding=1, bias=False)

    def predict_features(self, features_nchw: torch.Tensor) -> Prediction:
        """Return the maps on the common grid and their means."""
        activations_nahw = on_common_grid(self.attribute_maps(features_nchw))
        return Prediction(activations_nahw.mean(dim=(2, 3)), activations_nahw)


class FullyConnectedPredictor(AttributePredictor):
    """Global average pool and a fully connected layer; it has no activation maps.

    Source: v1 section 4.2, the attribute classifier "with no attribute activation maps".
    """

    def __init__(self, trunk: Trunk, n_attributes: int) -> None:
        super().__init__(trunk, n_attributes)
        self.attribute_logits = nn.Linear(trunk.channels, n_attributes)

    def predict_features(self, features_nchw: torch.Tensor) -> Prediction:
        """Return logits without maps."""
        return Prediction(self.attribute_logits(features_nchw.mean(dim=(2, 3))), None)


def on_common_grid(maps_nahw: torch.Tensor, cells: int = GRID_CELLS) -> torch.Tensor:
    """Return the maps averaged by area onto cells x cells; maps of that size are returned as they are."""
    if maps_nahw.shape[2:] == (cells, cells):
        return maps_nahw
    rows_ch, columns_cw = (torch.from_numpy(area_weights(size, cells)).to(maps_nahw) for size in maps_nahw.shape[2:])
    return rows_ch @ maps_nahw @ columns_cw.T
