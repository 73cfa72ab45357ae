"""CIELAB of sRGB pixels and back (IEC 61966-2-1; CIE 15, illuminant D65, 2 degree observer)."""

from typing import Final

import numpy as np
import numpy.typing as npt

_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# XYZ of white (1, 1, 1), so that greys have a = b = 0 exactly.
_WHITE: Final = _TO_XYZ.sum(axis=1)
_EPSILON: Final = 216 / 24389
_KAPPA: Final = 24389 / 27


def to_lab(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Return CIELAB (..., 3), float64: L 0 to 100, a and b about -110 to 110, of uint8 sRGB pixels (..., 3)."""
    encoded = pixels.astype(np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _WHITE
    cubed = np.where(relative > _EPSILON, np.cbrt(relative), (_KAPPA * relative + 16) / 116)
    x, y, z = np.moveaxis(cubed, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def to_pixels(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return uint8 sRGB pixels (..., 3) of CIELAB (..., 3); each channel of a colour outside sRGB is clipped."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    y = (lightness + 16) / 116
    cubed = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    relative = np.where(cubed**3 > _EPSILON, cubed**3, (116 * cubed - 16) / _KAPPA)
    linear = np.clip((relative * _WHITE) @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    pixels: npt.NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return pixels
