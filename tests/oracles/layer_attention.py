"""Similarity attention and Grad-CAM by plain loops in float64, a whole pass forward and backward per reference.

Source: SAM, section 3.1, equation 2; Grad-CAM, equations 1 and 2, on the cosine in place of a class score.
"""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.oracles.rise import normalised


def weights(mode: str, query: np.ndarray, reference: np.ndarray, negatives: Sequence[np.ndarray]) -> np.ndarray:
    """Return the weight of each feature of a matching pair."""
    found = []
    for feature in range(len(query)):
        weight = 1 - abs(query[feature] - reference[feature])
        if mode in ("triplet", "quadruplet"):
            weight *= abs(query[feature] - negatives[0][feature])
        if mode == "quadruplet":
            weight *= abs(query[feature] - negatives[1][feature])
        found.append(weight)
    return np.array(found)


def tuple_weights(mode: str, unit_kd: np.ndarray) -> np.ndarray:
    """Return w of a tuple of unit vectors: anchor, other or positive, negatives; "different": of two classes."""
    if mode == "different":
        return np.array([abs(first - second) for first, second in zip(*unit_kd, strict=True)])
    return weights(mode, unit_kd[0], unit_kd[1], list(unit_kd[2:]))


def map_of_weights(network: nn.Module, layer: str, pixels_hwc: np.ndarray, weights_d: np.ndarray) -> np.ndarray:
    """Return the native map (y, x) of w . f, whatever w is."""
    # A cosine's factors are the reference's features: any vector will do.
    return one_map(network, layer, "cosine", pixels_hwc, weights_d)


def one_map(
    network: nn.Module,
    layer: str,
    mode: str,
    pixels_hwc: np.ndarray,
    reference_d: np.ndarray,
    mask_d: np.ndarray | None = None,
    negatives_md: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Return the native map (y, x) of one pair; `mode` is "cosine" for Grad-CAM."""
    exact = copy.deepcopy(network).double().eval()
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        output.retain_grad()
        kept.append(output)
        # A layer after this one may overwrite what it gets.
        return output.clone()

    exact.get_submodule(layer).register_forward_hook(keep)
    raw = exact(torch.tensor(normalised(pixels_hwc))[None])[0]
    if mask_d is not None:
        raw = raw * torch.tensor(mask_d.astype(np.float64))
    unit = raw / torch.sqrt((raw * raw).sum())
    reference = reference_d.astype(np.float64)
    if mode == "cosine":
        factors = reference
    else:
        factors = weights(mode, unit.detach().numpy(), reference, [one.astype(np.float64) for one in negatives_md])
    score = sum(float(factor) * feature for factor, feature in zip(factors, unit, strict=True))
    score.backward()
    gradient, activations = kept[0].grad[0].numpy(), kept[0].detach()[0].numpy()
    total = np.zeros(activations.shape[1:])
    for channel in range(len(activations)):
        total += gradient[channel].sum() / gradient[channel].size * activations[channel]
    return np.where(total > 0, total, 0)


def enlarged(native_hw: np.ndarray, size_px: int) -> np.ndarray:
    """Return a map at the image's size."""
    grid = torch.tensor(native_hw)[None, None]
    return functional.interpolate(grid, size=(size_px, size_px), mode="bilinear", align_corners=False)[0, 0].numpy()
