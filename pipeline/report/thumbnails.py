"""Small pictures of pairs, all with one long side: an image in its own shape, with or without a map over it."""

import hashlib
import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.datasets.fitting import CROP
from pipeline.report.evidence import FittingFacts
from pipeline.report.overlays import overlay, plain_view
from pipeline.report.shown_image import ShownImage

THUMBNAIL_SIZE_PX: Final = 128
FOLDER: Final = "thumbnails"
_JPEG_QUALITY: Final = 75


def thumbnail(image: ShownImage, map_hw: npt.NDArray[np.floating[Any]] | None = None) -> bytes:
    """Return JPEG bytes with a long side of `THUMBNAIL_SIZE_PX`: the image, in grey under a map that has contrast.

    What the model does not see of it is faded.

    Args:
        image: a photograph in its own shape, or the square view of the model.
        map_hw: float (y, x) over the model's view, larger = matters more.
    """
    shown = None if map_hw is None else overlay(image, map_hw, THUMBNAIL_SIZE_PX, hatched=False)
    if shown is None:
        shown = plain_view(image, THUMBNAIL_SIZE_PX, hatched=False)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def is_cut(fitting: FittingFacts | None) -> bool:
    """Return whether the model sees less than all of some photographs, so that parts of their pictures are faded."""
    return fitting is not None and fitting.fit == CROP and fitting.changed > 0


def query_thumbnail_path(pair_id: str) -> str:
    """Return the path of a query under its map: it differs from pair to pair."""
    return f"{FOLDER}/query-{pair_id}.jpg"


def image_thumbnail_path(image_id: str) -> str:
    """Return the path of a picture without a map; ids are a dataset's own text, so their digest is the name."""
    return f"{FOLDER}/image-{image_digest(image_id)}.jpg"


def image_digest(image_id: str) -> str:
    """Return 16 hexadecimal digits that name an image."""
    return hashlib.sha256(image_id.encode()).hexdigest()[:16]
