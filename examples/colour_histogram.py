"""A similarity model that is no neural network: which colours an image has, and how much of each.

Two images are similar where they have the same colours in the same amounts, wherever these are. So an explanation
of a match should name a colour, or what brings one along: known beforehand, which makes this a check of explanations.
"""

import numpy as np

# sRGB to CIE XYZ; a row's sum is the daylight white (D65) on that axis.
XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# In CIELAB equal steps look about equally large: lightness, green to red, blue to yellow.
BINS_LAB = (np.linspace(0, 100, 5), np.linspace(-75, 75, 7), np.linspace(-75, 75, 7))
# A pixel this light on every channel counts as the white background of a product photograph.
WHITE = 0.96
# Weight that all bins together have from the start, so that a blank image has a vector, too.
FLOOR = 0.002


class ColourHistogram:
    """Soft histograms of CIELAB colours; knows no positions and no shapes.

    Args:
        ignore_white: leave out pixels as white as the background of a product photograph.
    """

    def __init__(self, ignore_white: bool) -> None:
        self.ignore_white = ignore_white

    def embed(self, images_nchw: np.ndarray) -> np.ndarray:
        """Return float32 (image, 245) of float32 images (image, 3, y, x), values 0 to 1."""
        return np.stack([self._vector(image.reshape(3, -1).T) for image in images_nchw]).astype(np.float32)

    def _vector(self, rgb_p3: np.ndarray) -> np.ndarray:
        lab_p3 = lab_of_rgb(rgb_p3)
        lightness, green_red, blue_yellow = (soft_bins(lab_p3[:, axis], BINS_LAB[axis]) for axis in range(3))
        if self.ignore_white:
            lightness = lightness * (rgb_p3.min(axis=1) < WHITE)[:, None]
        shares = np.einsum("pl,pa,pb->lab", lightness, green_red, blue_yellow, optimize=True).ravel() / len(rgb_p3)
        # Of square roots the cosine is the overlap of two histograms: one large colour does not drown the others.
        return np.sqrt(shares + FLOOR / len(shares))


def build(ignore_white: bool = True) -> ColourHistogram:
    """Return the model; the argument comes from `similarity_model.factory_arguments`."""
    return ColourHistogram(ignore_white)


def soft_bins(values_p: np.ndarray, centres_b: np.ndarray) -> np.ndarray:
    """Return weights (pixel, bin) that sum to 1: a value counts for its two nearest bins, more for the nearer."""
    position_p = (values_p - centres_b[0]) / (centres_b[1] - centres_b[0])
    position_p = np.clip(position_p, 0, len(centres_b) - 1)
    return np.maximum(0, 1 - np.abs(position_p[:, None] - np.arange(len(centres_b))))


def lab_of_rgb(rgb_p3: np.ndarray) -> np.ndarray:
    """Return CIELAB (pixel, 3) of sRGB values 0 to 1."""
    rgb_p3 = rgb_p3.astype(np.float64)
    linear_p3 = np.where(rgb_p3 <= 0.04045, rgb_p3 / 12.92, ((rgb_p3 + 0.055) / 1.055) ** 2.4)
    xyz_p3 = linear_p3 @ XYZ_OF_RGB.T / XYZ_OF_RGB.sum(axis=1)
    x, y, z = np.where(xyz_p3 > 216 / 24389, np.cbrt(xyz_p3), (xyz_p3 * 24389 / 27 + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
