"""A map as a small picture that lies over an image: colours, with more cover where the map is higher."""

import io
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.report.overlays import COLOURMAP, LEAST_ALPHA, MOST_ALPHA, unit_range

MOST_PX = 112
# As many shades as the eye tells apart in a ramp; fewer make smaller files.
_LEVELS = 64
_COMPRESSION = 6


class MapPainter:
    """Makes pictures of maps; the colours are looked up once."""

    def __init__(self) -> None:
        values = np.linspace(0, 1, _LEVELS)
        colours = np.rint(matplotlib.colormaps[COLOURMAP](values)[:, :3] * 255).astype(np.uint8)
        self._palette = colours.tobytes()
        alphas = LEAST_ALPHA + (MOST_ALPHA - LEAST_ALPHA) * values
        self._transparency = np.rint(alphas * 255).astype(np.uint8).tobytes()

    def png(self, map_hw: npt.NDArray[np.floating[Any]]) -> bytes | None:
        """Return a PNG file of a map over the model's view, from its own least to its own largest value.

        None for a map that is flat or has no values. A map of more than 112 px is made smaller: the page draws it
        over the photograph in whatever size that has.

        Args:
            map_hw: (y, x), larger where it matters more.
        """
        scaled_hw = unit_range(map_hw)
        if scaled_hw is None:
            return None
        if max(scaled_hw.shape) > MOST_PX:
            scale = MOST_PX / max(scaled_hw.shape)
            size = (max(1, round(scaled_hw.shape[1] * scale)), max(1, round(scaled_hw.shape[0] * scale)))
            scaled_hw = np.asarray(Image.fromarray(scaled_hw).resize(size, Image.Resampling.BILINEAR))
        levels_hw = np.rint(np.clip(scaled_hw, 0, 1) * (_LEVELS - 1)).astype(np.uint8)
        height, width = levels_hw.shape
        picture = Image.frombytes("P", (width, height), levels_hw.tobytes())
        picture.putpalette(self._palette)
        buffer = io.BytesIO()
        picture.save(buffer, format="PNG", compress_level=_COMPRESSION, transparency=self._transparency)
        return buffer.getvalue()
