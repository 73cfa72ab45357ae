"""The two losses of the attribute predictor: which attributes an image has, and where."""

from typing import Literal

import torch
from torch.nn import functional

HuberReduction = Literal["mean", "sum_attributes"]


def attribute_targets(labels_na: torch.Tensor) -> torch.Tensor:
    """Return 1 / A_gt for each of an image's A_gt attributes, else 0: (images, attributes), float32.

    Rows sum to 1, or to 0 for an image without attributes.

    Source: v1 section 3.1.
    """
    labels_na = labels_na.to(torch.float32)
    return labels_na / labels_na.sum(dim=1, keepdim=True).clamp(min=1)


def huber_loss(confidences_na: torch.Tensor, targets_na: torch.Tensor, reduction: HuberReduction) -> torch.Tensor:
    """Return the smooth L1 loss with threshold 1, a scalar of at least 0.

    "mean" averages over images and attributes; "sum_attributes" sums over attributes and averages over
    images, which is larger by the number of attributes. Confidences and targets lie in [0, 1], so only the
    quadratic branch, half the squared difference, is ever reached.

    Source: v1 section 3.1 (L_Huber).
    Departure: the papers leave the reduction open, though it decides how much the heat map loss weighs. The
    authors' code averages; the default of the settings is the sum, with which both losses are learned.
    """
    losses_na = functional.smooth_l1_loss(confidences_na, targets_na, reduction="none", beta=1.0)
    return losses_na.mean() if reduction == "mean" else losses_na.sum(dim=1).mean()


def heatmap_loss(activations_nahw: torch.Tensor, targets_nkcc: torch.Tensor, labels_na: torch.Tensor) -> torch.Tensor:
    """Return how far each map is from the nearest activation map of the image's attributes, a scalar.

    `targets_nkcc` holds (image, reference slot, cell, cell) distributions from `normalise_map`, NaN where a
    slot is empty. Each activation map of a labelled attribute becomes a distribution by softmax over space;
    the loss is the smallest l2 distance (not squared, so at most sqrt 2), averaged over an image's maps, then
    over the images that have a map and a label. Without any such image it is 0. Gradients are finite
    everywhere, also where a distance is 0 (its subgradient there is 0).

    Source: v1 section 3.1 (L_hm).
    Departure: the code pools all maps of a batch and clips distances at 1; averaging within the image first
    keeps images with many references from counting more.
    """
    activations_nas = activations_nahw.flatten(2).softmax(dim=2)
    targets_nks = targets_nkcc.flatten(2)
    available_nk = ~targets_nks.isnan().any(dim=2) & labels_na.any(dim=1, keepdim=True)
    targets_nks = torch.where(available_nk[:, :, None], targets_nks, 0.0)
    squared_nka = (targets_nks[:, :, None, :] - activations_nas[:, None, :, :]).square().sum(dim=3)
    nearest_nk = squared_nka.masked_fill(~labels_na[:, None, :], torch.inf).amin(dim=2)
    # the square root's slope is infinite at 0: take it elsewhere only
    positive_nk = available_nk & (nearest_nk > 0)
    distances_nk = torch.where(positive_nk, nearest_nk, 1.0).sqrt() * positive_nk
    n_maps_n = available_nk.sum(dim=1)
    means_n = distances_nk.sum(dim=1) / n_maps_n.clamp(min=1)
    return means_n.sum() / (n_maps_n > 0).sum().clamp(min=1)
