"""Outfits as positions in a list of images, and how often each epoch passes through them. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OutfitPixels:
    """Images to train or validate a type-aware model on.

    Attributes:
        pixels_nhwc: uint8 (image, y, x, 3).
        types_n: item type of each image.
        image_ids_n: id of each image; draws are keyed by ids, never by positions.
        outfits: int64 positions of each outfit's images; outfits of a single image teach nothing.
        outfit_ids: id of each outfit.
    """

    pixels_nhwc: np.ndarray
    types_n: Sequence[str]
    image_ids_n: Sequence[str]
    outfits: Sequence[np.ndarray]
    outfit_ids: Sequence[str]


def usable_outfits(outfits: Sequence[np.ndarray]) -> list[int]:
    """Return the numbers of the outfits that hold a pair."""
    return [number for number, members in enumerate(outfits) if len(members) > 1]


def outfit_images_per_epoch(outfit_sizes: Sequence[int]) -> int:
    """Return the images of all steps of one epoch: every usable outfit once, its images once for each outfit."""
    return sum(size for size in outfit_sizes if size > 1)


def outfit_steps(outfit_sizes: Sequence[int], batch_size: int) -> int:
    """Return the steps of an epoch: about `batch_size` images each, and two outfits at least."""
    n_outfits = sum(size > 1 for size in outfit_sizes)
    return max(1, min(outfit_images_per_epoch(outfit_sizes) // batch_size, n_outfits // 2))
