"""FashionSearchNet without its retrieval branch: an attribute is recognised in the region that its own map marks.

Cost per image: that of the activation maps, 256 x (channels + 256) multiplications per attribute, and one addition per
attribute, channel and grid cell.
"""

import torch
from torch import nn

from pipeline.attributes.networks import AttributePredictor, Prediction, on_common_grid
from pipeline.networks import Trunk

HIDDEN_UNITS = 256


class FashionSearchNet(AttributePredictor):
    """Activation maps find a region of interest per attribute; three fully connected layers read its features.

    Trained by two losses, on the means of the maps and on the logits: without the first, maps would learn nothing,
    because no gradient passes through the borders of a region.

    Source: Ak et al. 2018 (the region of each attribute from its activation map, then fully connected layers), as the
    baseline of the published version's supplement, section 2.1.
    Departure: the papers give no sizes. The first two layers (256 units each) are shared by all attributes and only the
    third is each attribute's own, because separate layers for 205 attributes would have 40 million weights on
    ResNet-18; a region is averaged, so that its features do not depend on its size.

    Args:
        trunk: whose features are read, too.
        n_attributes: length of the vocabulary.
        threshold: see `region_weights`.
    """

    def __init__(self, trunk: Trunk, n_attributes: int, threshold: float) -> None:
        super().__init__(trunk, n_attributes)
        self.threshold = threshold
        self.attribute_maps = nn.Conv2d(trunk.channels, n_attributes, 3, padding=1, bias=False)
        self.shared_layers = nn.Sequential(
            nn.Linear(trunk.channels, HIDDEN_UNITS), nn.ReLU(), nn.Linear(HIDDEN_UNITS, HIDDEN_UNITS), nn.ReLU()
        )
        # A row of weights and a bias for each attribute.
        self.attribute_logits = nn.Linear(HIDDEN_UNITS, n_attributes)

    def predict_features(self, features_nchw: torch.Tensor) -> Prediction:
        """Return logits from the regions, and the maps on the common grid."""
        activations_nahw = self.attribute_maps(features_nchw)
        regions_nac = pool_regions(features_nchw, region_weights(activations_nahw.detach(), self.threshold))
        hidden_nau = self.shared_layers(regions_nac)
        logits_na = (hidden_nau * self.attribute_logits.weight).sum(dim=2) + self.attribute_logits.bias
        return Prediction(logits_na, on_common_grid(activations_nahw))


def region_weights(activations_nahw: torch.Tensor, threshold: float) -> torch.Tensor:
    """Return each map's region of interest as weights (image, attribute, y, x) that sum to 1, constant within it.

    The region is the smallest box around all cells that reach `threshold` (0 to 1) of the way from the map's smallest
    to its largest value; for a constant map that is the whole image. A map with NaN gives NaN.

    Departure: maps are negative in places, so a share of the maximum alone would not always be below it.
    """
    low_nahw = activations_nahw.amin(dim=(2, 3), keepdim=True)
    high_nahw = activations_nahw.amax(dim=(2, 3), keepdim=True)
    marked_nahw = activations_nahw >= low_nahw + threshold * (high_nahw - low_nahw)
    # Rounding may lift the bound over the maximum itself.
    marked_nahw |= activations_nahw == high_nahw
    inside_nahw = _between(marked_nahw.any(dim=3))[..., :, None] & _between(marked_nahw.any(dim=2))[..., None, :]
    weights_nahw = inside_nahw.to(activations_nahw.dtype)
    return weights_nahw / weights_nahw.sum(dim=(2, 3), keepdim=True)


def pool_regions(features_nchw: torch.Tensor, weights_nahw: torch.Tensor) -> torch.Tensor:
    """Return the weighted mean of the features in each attribute's region: (image, attribute, channel)."""
    return weights_nahw.flatten(2) @ features_nchw.flatten(2).transpose(1, 2)


def _between(marked_nap: torch.Tensor) -> torch.Tensor:
    """Return bool (image, attribute, place): from the first to the last marked place."""
    seen_nap = marked_nap.long()
    return (seen_nap.cumsum(dim=2) > 0) & (seen_nap.flip(2).cumsum(dim=2).flip(2) > 0)
