"""Image files of the pages: photographs as JPEG, rendered items as PNG."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.datasets.fitting import CoveredBox
from pipeline.datasets.own_shape import shape_within

# Long side of a photograph on a page, and of an image that is shown small.
PHOTOGRAPH_PX, SMALL_PX = 640, 128
_QUALITY = 80
_GROUND = (160, 165, 170)


def jpeg_file(pixels_hwc: npt.NDArray[np.uint8]) -> bytes:
    """Return uint8 RGB pixels (y, x, 3) as a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwc).save(buffer, format="JPEG", quality=_QUALITY)
    return buffer.getvalue()


def png_file(pixels_hwc: npt.NDArray[np.uint8]) -> bytes:
    """Return uint8 RGB pixels (y, x, 3) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_hwc).save(buffer, format="PNG")
    return buffer.getvalue()


def small(pixels_hwc: npt.NDArray[np.uint8], long_side_px: int) -> npt.NDArray[np.uint8]:
    """Return an image made smaller to a long side, in its own shape; as it is where it is not larger."""
    height, width, _ = pixels_hwc.shape
    if max(height, width) <= long_side_px:
        return pixels_hwc
    shape = shape_within((width, height), long_side_px)
    return np.asarray(Image.fromarray(pixels_hwc).resize(shape, Image.Resampling.BILINEAR, reducing_gap=2.0))


def view_in_place(
    view_hwc: npt.NDArray[np.uint8], box: CoveredBox, picture_px: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Return the model's view where it lies on the photograph, on grey: stands in for a photograph that is gone.

    So maps that are laid on the photograph lie right on it too.

    Args:
        view_hwc: uint8 (y, x, 3).
        box: what the view shows, in px of the picture.
        picture_px: width and height of the picture.
    """
    picture = Image.new("RGB", picture_px, _GROUND)
    size = (max(1, round(box.width)), max(1, round(box.height)))
    picture.paste(Image.fromarray(view_hwc).resize(size, Image.Resampling.BILINEAR), (round(box.left), round(box.top)))
    return np.asarray(picture)
