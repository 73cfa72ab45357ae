"""Erasing what a map marks: x (1 - sigmoid(alpha (M - beta))) (SAM, section 3.2)."""

import torch
from torch.nn import functional

from pipeline.mining.spec import MiningWeights


def erased(images_nchw: torch.Tensor, native_nhw: torch.Tensor, weights: MiningWeights) -> torch.Tensor:
    """Return images without what their maps mark, (image, 3, y, x); gradients reach the maps.

    A map is divided by its largest value, so that alpha and beta mean the same for every layer, loss and epoch, and
    enlarged bilinearly. The paper scales no maps and gives neither constant.
    Images are normalised, so that what is erased turns into the mean colour rather than into black.

    Args:
        images_nchw: what the network was given.
        native_nhw: maps from 0, at the layer's resolution; one that is 0 everywhere erases almost nothing.
        weights: alpha and beta.
    """
    largest_n11 = native_nhw.amax(dim=(1, 2), keepdim=True)
    scaled_nhw = native_nhw / torch.where(largest_n11 > 0, largest_n11, torch.ones_like(largest_n11))
    size = images_nchw.shape[2:]
    maps_n1hw = functional.interpolate(scaled_nhw[:, None], size=size, mode="bilinear", align_corners=False)
    return images_nchw * (1 - torch.sigmoid(weights.alpha * (maps_n1hw - weights.beta)))
