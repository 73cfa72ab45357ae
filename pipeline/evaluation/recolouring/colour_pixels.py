"""The pixels of an item's labelled colour: clusters in CIELAB, the one nearest to the colour, and its shades.

A shade is the same paint in another light: a cluster of nearly the same hue, or, where both are neutral, of like
lightness. So a black shoe's grey highlights belong to its black, a white sole does not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from sklearn.cluster import KMeans

CLUSTERS: Final = 4
# Lightness differs with the light, a and b with the paint.
LIGHTNESS_WEIGHT: Final = 0.5
NEUTRAL_CHROMA: Final = 12.0
SHADE_HUE_RAD: Final = np.deg2rad(25)
SHADE_DISTANCE: Final = 18.0
# Width over which a pixel between two clusters passes from one to the other, as a share of their distance.
SOFT_FROM: Final = 0.35
# Mixed with the ground by the lens and by scaling.
EDGE_PX: Final = 1.5
# What is whiter tells nothing of the item's own colour.
LEAST_ITEM_SHARE: Final = 0.1
WHITE_LAB: Final = np.array([100.0, 0.0, 0.0])


@dataclass(frozen=True)
class ItemColours:
    """The clusters of an item's pixels in CIELAB.

    Attributes:
        lab_hwc: CIELAB of the whole image, float64 (y, x, 3).
        mask_hw: bool (y, x), the item.
        centres_kc: (cluster, 3) CIELAB, most pixels first.
        shares_k: share of the item's pixels of each cluster.
    """

    lab_hwc: npt.NDArray[np.float64]
    mask_hw: npt.NDArray[np.bool_]
    centres_kc: npt.NDArray[np.float64]
    shares_k: npt.NDArray[np.float64]


def find_clusters(lab_hwc: npt.NDArray[np.float64], mask_hw: npt.NDArray[np.bool_], seed: int) -> ItemColours:
    """Return up to four clusters of the item's colours, found by k-means on weighted CIELAB.

    Args:
        lab_hwc: CIELAB (y, x, 3).
        mask_hw: the item's pixels, at least one.
        seed: of the clusters' first centres, 0 to 2^32 - 1.
    """
    weighted_nc = _weighted(lab_hwc[mask_hw])
    distinct = len(np.unique(weighted_nc.round(3), axis=0))
    found = KMeans(min(CLUSTERS, distinct), n_init=2, random_state=seed).fit(weighted_nc)
    shares_k = np.bincount(found.labels_, minlength=found.n_clusters) / len(weighted_nc)
    order = np.argsort(-shares_k, kind="stable")
    centres_kc = found.cluster_centers_[order] / np.array([LIGHTNESS_WEIGHT, 1, 1])
    return ItemColours(lab_hwc, mask_hw, centres_kc, shares_k[order])


@dataclass(frozen=True)
class ColourPixels:
    """Where an item has a colour.

    Attributes:
        weights_hw: how far each pixel belongs to the colour, float64 (y, x), 0 to 1; 0 outside the item; between
            clusters it passes softly from 1 to 0.
        item_share_hw: share of item in each pixel, the rest is white ground, float64 (y, x), above 0 to 1.
    """

    weights_hw: npt.NDArray[np.float64]
    item_share_hw: npt.NDArray[np.float64]

    @property
    def counted_hw(self) -> npt.NDArray[np.bool_]:
        """The pixels that are more of this colour than of all else, bool (y, x)."""
        counted: npt.NDArray[np.bool_] = self.weights_hw * self.item_share_hw > 0.5
        return counted


def find_colour(item: ItemColours, colour_lab: npt.NDArray[np.float64]) -> ColourPixels:
    """Return the pixels of a colour.

    Args:
        item: with its clusters.
        colour_lab: CIELAB (3,) of the colour; the cluster nearest to it and its shades are taken.
    """
    distances_k = np.linalg.norm(_weighted(item.centres_kc) - _weighted(colour_lab), axis=1)
    chosen = item.centres_kc[int(distances_k.argmin())]
    is_shade_k = np.array([_is_shade(centre, chosen) for centre in item.centres_kc])
    share_hw = _item_share(item, chosen)
    pixels_nc = _weighted(without_ground(item.lab_hwc, share_hw)[item.mask_hw])
    to_centres_nk = np.linalg.norm(pixels_nc[:, None] - _weighted(item.centres_kc)[None], axis=2)
    own_n = to_centres_nk[:, is_shade_k].min(axis=1)
    weights_n = np.ones(len(pixels_nc))
    if not is_shade_k.all():
        other_n = to_centres_nk[:, ~is_shade_k].min(axis=1)
        nearness_n = other_n / np.maximum(own_n + other_n, 1e-9)
        weights_n = np.clip((nearness_n - SOFT_FROM) / (1 - 2 * SOFT_FROM), 0, 1)
    weights_hw = np.zeros(item.mask_hw.shape)
    weights_hw[item.mask_hw] = weights_n
    return ColourPixels(weights_hw, share_hw)


def without_ground(lab_hwc: npt.NDArray[np.float64], item_share_hw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what each pixel would be without the white ground mixed in, CIELAB (y, x, 3)."""
    item_hwc: npt.NDArray[np.float64] = WHITE_LAB + (lab_hwc - WHITE_LAB) / item_share_hw[..., None]
    return item_hwc


def _item_share(item: ItemColours, chosen_c: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of item in each pixel, (y, x): by distance from white beside the ground, else 1."""
    at_edge = item.mask_hw & (ndimage.distance_transform_edt(item.mask_hw) <= EDGE_PX)
    whole = max(float(np.linalg.norm(chosen_c - WHITE_LAB)), 1e-9)
    mixed_hw = np.clip(np.linalg.norm(item.lab_hwc - WHITE_LAB, axis=2) / whole, 0, 1)
    share_hw: npt.NDArray[np.float64] = np.where(at_edge, np.maximum(mixed_hw, LEAST_ITEM_SHARE), 1.0)
    return share_hw


def _is_shade(centre: npt.NDArray[np.float64], chosen: npt.NDArray[np.float64]) -> bool:
    chromas = np.hypot(centre[1], centre[2]), np.hypot(chosen[1], chosen[2])
    if min(chromas) >= NEUTRAL_CHROMA:
        turn = np.arctan2(centre[2], centre[1]) - np.arctan2(chosen[2], chosen[1])
        return bool(abs(float(np.angle(np.exp(1j * turn)))) <= SHADE_HUE_RAD)
    return float(np.linalg.norm(_weighted(centre) - _weighted(chosen))) <= SHADE_DISTANCE


def _weighted(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weighted: npt.NDArray[np.float64] = lab * np.array([LIGHTNESS_WEIGHT, 1, 1])
    return weighted
