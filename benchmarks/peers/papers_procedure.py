"""SANE's generators as its authors' procedure runs them, written from its description (none of their code).

Everything is made anew for each reference. RISE passes the reference through the network beside the query, once for
every masked image; Mask does so in each iteration, and takes one pair at a time. The sliding window embeds the
reference once, and returns 1 - score of each window as a grid that is enlarged. The network is as built.
"""

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers import original_rise
from pipeline.images import normalise_pixels

# The window's side, its overhang and the last window's start, as shares of an image of 112 px.
WINDOW, FIRST_START, LAST_START = 32 / 112, -8 / 112, 88 / 112
BLUR_PX, MASK_CELLS = 11, 14
SPARSITY, SMOOTHNESS, NOISE_DEVIATION, LEARNING_RATE = 0.01, 0.2, 0.2, 0.1


def rise(
    network: nn.Module, query_chw: torch.Tensor, reference_chw: torch.Tensor, masks_nhw: np.ndarray, batch: int
) -> np.ndarray:
    """Return the map of a pair, from twice as many passes as masks."""

    def score(images_nchw: torch.Tensor) -> torch.Tensor:
        beside = reference_chw.expand(len(images_nchw), -1, -1, -1)
        return functional.cosine_similarity(network(images_nchw), network(beside))

    return original_rise.explain(query_chw, masks_nhw, score, batch)


def sliding_window(
    network: nn.Module, query_chw: torch.Tensor, reference_chw: torch.Tensor, per_side: int, batch: int
) -> np.ndarray:
    """Return the map of a pair, float32 (y, x)."""
    size_px = query_chw.shape[-1]
    side = round(WINDOW * size_px)
    starts = np.rint(np.linspace(FIRST_START, LAST_START, per_side) * size_px).astype(int)
    corners = [(top, left) for top in starts for left in starts]
    scores = []
    with torch.inference_mode():
        reference_1d = network(reference_chw[None])
        for first in range(0, len(corners), batch):
            some = corners[first : first + batch]
            images_nchw = query_chw.repeat(len(some), 1, 1, 1)
            for image_chw, (top, left) in zip(images_nchw, some, strict=True):
                image_chw[:, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
            scores.append(functional.cosine_similarity(network(images_nchw), reference_1d))
        grid = (1 - torch.cat(scores)).view(1, 1, per_side, per_side)
        return functional.interpolate(grid, (size_px, size_px), mode="bilinear", align_corners=False)[0, 0].numpy()


def mask(network: nn.Module, query_hwc: np.ndarray, reference_chw: torch.Tensor, iterations: int) -> np.ndarray:
    """Return the map of a pair, float32 (y, x), learned alone by torch's Adam.

    Args:
        network: whose parameters ask for no gradients.
        query_hwc: uint8 (y, x, 3).
        reference_chw: normalised.
        iterations: Adam's steps.
    """
    sharp_chw = normalise_pixels(query_hwc[None])[0].contiguous()
    blurred_chw = normalise_pixels(cv2.medianBlur(query_hwc, BLUR_PX)[None])[0].contiguous()
    cells = torch.ones(1, 1, MASK_CELLS, MASK_CELLS, requires_grad=True)
    adam = torch.optim.Adam([cells], lr=LEARNING_RATE)
    for _ in range(iterations):
        shown = functional.interpolate(cells, sharp_chw.shape[1:], mode="bilinear", align_corners=False)
        noise = NOISE_DEVIATION * torch.randn_like(sharp_chw)
        mixed = shown * sharp_chw + (1 - shown) * blurred_chw + noise
        score = functional.cosine_similarity(network(mixed), network(reference_chw[None])).sum()
        down, across = cells.diff(dim=2).abs().pow(3).mean(), cells.diff(dim=3).abs().pow(3).mean()
        loss = SPARSITY * (1 - cells).abs().mean() + SMOOTHNESS * (down + across) + score
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        cells.data.clamp_(0, 1)
    size = sharp_chw.shape[1:]
    return 1 - functional.interpolate(cells.detach(), size, mode="bilinear", align_corners=False)[0, 0].numpy()
