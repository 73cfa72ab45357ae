"""What every saliency generator promises."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import BadModel


@dataclass(frozen=True)
class SaliencyRequest:
    """One query and the references it is explained against.

    Attributes:
        query_id: keys random draws, so that they depend on the item and not on its place in a batch.
        pixels_hwc: uint8 (y, x, 3), the query.
        reference_embeddings_kd: float32 unit-norm embeddings (reference, D) of the K references, under their
            conditions where there are masks.
        condition_masks_kd: float32 (reference, D), the mask of each reference's condition, under which the query is
            to be compared with it; None for a model without conditions.
    """

    query_id: str
    pixels_hwc: np.ndarray
    reference_embeddings_kd: np.ndarray
    condition_masks_kd: np.ndarray | None = None


# Returns float32 (reference, y, x) at the query's size; larger values mark regions that matter more to
# that match. No value is NaN or infinite.
SaliencyGenerator = Callable[[SaliencyRequest], np.ndarray]


def checked_maps(maps_khw: np.ndarray, request: SaliencyRequest, generator: str) -> np.ndarray:
    """Return the maps as float32 after checking them against the contract.

    Raises:
        BadModel: wrong shape, NaN or infinity.
    """
    expected = (len(request.reference_embeddings_kd), *request.pixels_hwc.shape[:2])
    if maps_khw.shape != expected or not np.isfinite(maps_khw).all():
        raise BadModel(
            expected=f"finite maps of shape {expected}",
            found=f"shape {maps_khw.shape}, {int((~np.isfinite(maps_khw)).sum())} values not finite",
            where=f"saliency generator {generator}, query {request.query_id}",
            remedy="check the similarity model's embeddings for this image",
        )
    return maps_khw.astype(np.float32)
