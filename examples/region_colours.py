"""Similarity models of rendered items whose every effect follows from a formula: no training, no surprise.

Each looks at a few pixels. `corner_mean`: the mean colour of a corner that no item reaches. `corner_colour`: which of
the four backgrounds that corner shows. `emblem_on_background`: that background, but only where the item has an emblem,
so that neither attribute counts without the other. An audit of explanations of these can be checked by hand.
"""

from collections.abc import Callable

import numpy as np

# Red, green and blue of the backgrounds sand, sky, mint and slate.
BACKGROUNDS = np.array([[0.85, 0.76, 0.58], [0.62, 0.76, 0.86], [0.64, 0.84, 0.68], [0.40, 0.42, 0.48]])
# Side of the corner, as a share of the image's.
CORNER = 1 / 16
# Nothing but the emblem is as red and blue and as little green; a larger share of the image than a stray pixel.
EMBLEM_SHARE = 0.003
# What is never shared adds to every vector, so that none is zero.
CONSTANT = 0.5
GREY = 0.6


def corner_mean(images_nchw: np.ndarray) -> np.ndarray:
    """Return (image, 4): the upper right corner's mean colour less grey, and a constant."""
    mean_n3 = _corner(images_nchw) - GREY
    return np.hstack([mean_n3, np.full((len(mean_n3), 1), CONSTANT)])


def corner_colour(images_nchw: np.ndarray) -> np.ndarray:
    """Return (image, 5): 1 for the background that the corner is closest to, and a constant."""
    one_hot_n4 = _nearest_background(images_nchw)
    return np.hstack([one_hot_n4, np.full((len(one_hot_n4), 1), CONSTANT)])


def emblem_on_background(images_nchw: np.ndarray) -> np.ndarray:
    """Return (image, 5): 1 for the background where there is an emblem, and a constant."""
    red, green, blue = images_nchw.transpose(1, 0, 2, 3)
    is_magenta = (red > 0.6) & (green < 0.2) & (blue > 0.35)
    has_emblem = is_magenta.mean(axis=(1, 2)) > EMBLEM_SHARE
    one_hot_n4 = _nearest_background(images_nchw) * has_emblem[:, None]
    return np.hstack([one_hot_n4, np.full((len(one_hot_n4), 1), CONSTANT)])


class RegionColours:
    """A model that reads its vector off a few pixels by one of the functions above."""

    def __init__(self, read: Callable[[np.ndarray], np.ndarray]) -> None:
        self.read = read

    def embed(self, images_nchw: np.ndarray) -> np.ndarray:
        """Return float32 (image, dimension) of float32 images (image, 3, y, x), values 0 to 1."""
        return self.read(images_nchw).astype(np.float32)


def build(reads: str = "corner_mean") -> RegionColours:
    """Return the model; the argument comes from `similarity_model.factory_arguments`."""
    known = {read.__name__: read for read in (corner_mean, corner_colour, emblem_on_background)}
    return RegionColours(known[reads])


def _corner(images_nchw: np.ndarray) -> np.ndarray:
    """Return the mean colour (image, 3) of the upper right corner."""
    side = max(1, round(CORNER * images_nchw.shape[2]))
    mean_n3: np.ndarray = images_nchw[:, :, :side, -side:].astype(np.float64).mean(axis=(2, 3))
    return mean_n3


def _nearest_background(images_nchw: np.ndarray) -> np.ndarray:
    """Return one-hot (image, 4): the background of the corner's colour, whatever the light's brightness."""
    corner_n3 = _corner(images_nchw)
    shares_n3 = corner_n3 / corner_n3.sum(axis=1, keepdims=True)
    known_43 = BACKGROUNDS / BACKGROUNDS.sum(axis=1, keepdims=True)
    distances_n4 = np.linalg.norm(shares_n3[:, None] - known_43, axis=2)
    one_hot_n4: np.ndarray = np.eye(len(BACKGROUNDS))[distances_n4.argmin(axis=1)]
    return one_hot_n4
