"""Mask for one pair at a time in float64, gradients by automatic differentiation (Fong and Vedaldi, 2017; v1 B.2)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

MEAN_RGB = (0.485, 0.456, 0.406)
DEVIATION_RGB = (0.229, 0.224, 0.225)

# One normalised image (3, y, x) to its vector (D,), differentiable.
Embed = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Shown:
    """A manipulated image: uint8 (y, x, 3), and its standard normal noise (y, x, 3), one array per iteration."""

    pixels_hwc: np.ndarray
    noise: Iterator[np.ndarray]


def normalised(pixels_hwc: np.ndarray) -> torch.Tensor:
    """Return (3, y, x) with the ImageNet statistics removed."""
    channels = [(pixels_hwc[:, :, c] / 255.0 - MEAN_RGB[c]) / DEVIATION_RGB[c] for c in range(3)]
    return torch.tensor(np.stack(channels), dtype=torch.float64)


def blurred(pixels_hwc: np.ndarray, blur_px: int) -> np.ndarray:
    """Return the median of each pixel's square neighbourhood, the border repeated."""
    return np.stack([ndimage.median_filter(pixels_hwc[:, :, c], size=blur_px, mode="nearest") for c in range(3)], 2)


def enlarged(mask_cc: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return the mask at the image's size."""
    return functional.interpolate(mask_cc[None, None], (height, width), mode="bilinear", align_corners=False)[0, 0]


def penalty(mask_cc: torch.Tensor, sparsity: float, smoothness: float) -> torch.Tensor:
    """Return sparsity * mean |1 - m| + smoothness * (mean |vertical change|^3 + mean |horizontal change|^3)."""
    cells = len(mask_cc)
    vertical = [(mask_cc[y + 1, x] - mask_cc[y, x]).abs() ** 3 for y in range(cells - 1) for x in range(cells)]
    horizontal = [(mask_cc[y, x + 1] - mask_cc[y, x]).abs() ** 3 for y in range(cells) for x in range(cells - 1)]
    variation = sum(vertical) / len(vertical) + sum(horizontal) / len(horizontal)
    return sparsity * (1 - mask_cc).abs().mean() + smoothness * variation


def masks_and_losses(
    shown: Sequence[Shown],
    reference_d: np.ndarray | None,
    condition_d: np.ndarray,
    embed: Embed,
    cells: int = 14,
    iterations: int = 500,
    rate: float = 0.1,
    sparsity: float = 0.01,
    smoothness: float = 0.2,
    noise_deviation: float = 0.2,
    blur_px: int = 11,
) -> tuple[np.ndarray, list[float]]:
    """Return the masks of the shown images (query, and reference where it is shown), and each iteration's loss."""
    masks = [torch.ones(cells, cells, dtype=torch.float64, requires_grad=True) for _ in shown]
    means = [torch.zeros(cells, cells, dtype=torch.float64) for _ in shown]
    squares = [torch.zeros(cells, cells, dtype=torch.float64) for _ in shown]
    images = [(normalised(one.pixels_hwc), normalised(blurred(one.pixels_hwc, blur_px))) for one in shown]
    losses = []
    for step in range(1, iterations + 1):
        vectors, loss = [], torch.zeros((), dtype=torch.float64)
        for mask, (sharp, soft), one in zip(masks, images, shown, strict=True):
            up = enlarged(mask, *sharp.shape[1:])
            noise = torch.tensor(next(one.noise)).double().permute(2, 0, 1)
            vector = embed(up * sharp + (1 - up) * soft + noise_deviation * noise) * torch.tensor(condition_d).double()
            vectors.append(vector / (vector**2).sum().sqrt())
            loss = loss + penalty(mask, sparsity, smoothness)
        other = vectors[1] if reference_d is None else torch.tensor(reference_d).double()
        loss = loss + (vectors[0] * other).sum()
        losses.append(float(loss.detach()))
        slopes = torch.autograd.grad(loss, masks)
        for number, slope in enumerate(slopes):
            means[number] = 0.9 * means[number] + 0.1 * slope
            squares[number] = 0.999 * squares[number] + 0.001 * slope**2
            mean, square = means[number] / (1 - 0.9**step), squares[number] / (1 - 0.999**step)
            moved = masks[number].detach() - rate * mean / (square.sqrt() + 1e-8)
            masks[number] = moved.clamp(0, 1).requires_grad_()
    return np.stack([mask.detach().numpy() for mask in masks]), losses
