"""Where the square that a model sees lies on the image itself, and maps of the square laid there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.datasets.fitting import CROP, STRETCH, CoveredBox

# Panoramas longer than so many times their short side lose their ends before they are resized.
_LONGEST_CROPPED = 16
_CUBIC_REACH, _CUBIC_A = 2.0, -0.5


@dataclass(frozen=True)
class _Side:
    """A side of an image on its way into the square.

    Attributes:
        length: of the side now, in px.
        start: where it begins, in px of the image itself.
        scale: px of the image itself in one px now.
    """

    length: int
    start: float
    scale: float

    def resized(self, length: int) -> "_Side":
        return _Side(length, self.start, self.scale * self.length / length)

    def cut(self, begin: float, length: int) -> "_Side":
        return _Side(length, self.start + begin * self.scale, self.scale)


def view_box(
    fit: str, image_px: tuple[int, int], view_size_px: int, effective_resolution_px: int | None = None
) -> CoveredBox:
    """Return the rectangle of an image that its square shows, with the decoder's rounding to whole pixels.

    It differs from `covered_box` by up to one pixel of the square, and shows what becomes of strips that are thinner
    than such a pixel. Exact for what `pipeline.datasets.image_decoding.decode_image` does.

    Args:
        fit: "crop", "pad" or "stretch".
        image_px: width and height of the upright image.
        view_size_px: side of the square.
        effective_resolution_px: as given to the decoder.
    """
    if fit == STRETCH:
        return CoveredBox(0.0, 0.0, float(image_px[0]), float(image_px[1]))
    sides = [_Side(length, 0.0, 1.0) for length in image_px]
    resize, choose = (_short_side_to, min) if fit == CROP else (_long_side_to, max)
    if effective_resolution_px is not None and choose(image_px) > effective_resolution_px:
        sides = resize(sides, effective_resolution_px)
    sides = resize(sides, view_size_px)
    # Whole pixels: where an odd number is left out, or added as a border, one more is at the end.
    begins = [(abs(side.length - view_size_px) // 2) * (1 if fit == CROP else -1) for side in sides]
    across, down = (side.cut(begin, view_size_px) for side, begin in zip(sides, begins, strict=True))
    return CoveredBox(across.start, down.start, across.scale * view_size_px, down.scale * view_size_px)


def scaled_box(box: CoveredBox, from_px: tuple[int, int], to_px: tuple[int, int]) -> CoveredBox:
    """Return a box of an image in px of a resized copy of it; sizes are (width, height)."""
    across, down = to_px[0] / from_px[0], to_px[1] / from_px[1]
    return CoveredBox(box.left * across, box.top * down, box.width * across, box.height * down)


def place_map(
    map_hw: npt.NDArray[np.floating[Any]], box: CoveredBox, picture_px: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return a map of the square laid on a picture of the image, float32 (y, x); NaN where the square shows nothing.

    Values between cells are interpolated with Keys' cubic (a = -0.5), widened where the map has more cells than the
    picture has pixels, as in Pillow's resizing; what overshoots beside edges is brought back into the map's range. What
    lies on a border of the square is cut off.

    Args:
        map_hw: finite values over the square, of any resolution (y, x).
        box: what the square shows, in px of the picture.
        picture_px: width and height of the picture.
    """
    height, width = map_hw.shape
    across_xw = _resampling(box.left, box.width, picture_px[0], width)
    down_yh = _resampling(box.top, box.height, picture_px[1], height)
    # Zeros times NaN are NaN: a row or column outside the square has no value anywhere.
    placed_yx = down_yh @ map_hw.astype(np.float64) @ across_xw.T
    within_yx: npt.NDArray[np.float32] = np.clip(placed_yx, map_hw.min(), map_hw.max()).astype(np.float32)
    return within_yx


def _resampling(start: float, length: float, picture_length: int, cells: int) -> npt.NDArray[np.float64]:
    """Return the weight of each cell in each pixel of a row of the picture (pixel, cell); NaN where there is none."""
    centres_x = (np.arange(picture_length) + 0.5 - start) / length * cells
    widened = max(1.0, cells / length)
    distances_xw = np.abs(np.arange(cells) + 0.5 - centres_x[:, None]) / widened
    weights_xw = _cubic(distances_xw)
    is_outside_x = (centres_x < 0) | (centres_x >= cells)
    sums_x1 = np.where(is_outside_x, np.nan, weights_xw.sum(axis=1))[:, None]
    weights: npt.NDArray[np.float64] = weights_xw / sums_x1
    return weights


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return Keys' kernel (1981, equation 4, with a = -1/2) at distances of at least 0."""
    a = _CUBIC_A
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    return np.where(distance < 1, near, np.where(distance < _CUBIC_REACH, far, 0.0))


def _short_side_to(sides: list[_Side], short_px: int) -> list[_Side]:
    shortest = min(side.length for side in sides)
    scale = short_px / shortest
    lengths = [max(short_px, round(side.length * scale)) for side in sides]
    if max(lengths) > _LONGEST_CROPPED * short_px:
        kept = [min(side.length, _LONGEST_CROPPED * shortest) for side in sides]
        cut = [side.cut((side.length - length) / 2, length) for side, length in zip(sides, kept, strict=True)]
        return _short_side_to(cut, short_px)
    return [side.resized(length) for side, length in zip(sides, lengths, strict=True)]


def _long_side_to(sides: list[_Side], long_px: int) -> list[_Side]:
    scale = long_px / max(side.length for side in sides)
    return [side.resized(max(1, round(side.length * scale))) for side in sides]
