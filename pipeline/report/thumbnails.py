"""Small pictures of pairs, all of one size: the model's view of an image, with or without a map over it."""

import hashlib
import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.report.overlays import overlay
from pipeline.report.shown_image import ShownImage

THUMBNAIL_SIZE_PX: Final = 128
FOLDER: Final = "thumbnails"
_JPEG_QUALITY: Final = 75


def thumbnail(pixels_hwc: npt.NDArray[np.uint8], map_hw: npt.NDArray[np.floating[Any]] | None = None) -> bytes:
    """Return JPEG bytes of `THUMBNAIL_SIZE_PX` a side: the square view, in grey under its map where that has contrast.

    Args:
        pixels_hwc: uint8 RGB (y, x, 3), square.
        map_hw: float (y, x) over it, larger = matters more.
    """
    shown = None if map_hw is None else overlay(ShownImage(pixels_hwc), map_hw, THUMBNAIL_SIZE_PX)
    if shown is None:
        side = (THUMBNAIL_SIZE_PX, THUMBNAIL_SIZE_PX)
        shown = np.asarray(Image.fromarray(pixels_hwc).resize(side, Image.Resampling.LANCZOS))
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def query_thumbnail_path(pair_id: str) -> str:
    """Return the path of a query under its map: it differs from pair to pair."""
    return f"{FOLDER}/query-{pair_id}.jpg"


def image_thumbnail_path(image_id: str) -> str:
    """Return the path of a picture without a map; ids are a dataset's own text, so their digest is the name."""
    return f"{FOLDER}/image-{image_digest(image_id)}.jpg"


def image_digest(image_id: str) -> str:
    """Return 16 hexadecimal digits that name an image."""
    return hashlib.sha256(image_id.encode()).hexdigest()[:16]
