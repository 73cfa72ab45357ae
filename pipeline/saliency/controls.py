"""Control generators that know nothing of the model: a method that does not beat these has shown nothing."""

import numpy as np

from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest, checked_maps


def build_random(seed: int) -> SaliencyGenerator:
    """Return a generator of uniform noise maps, keyed by query: all references of a query get one map."""

    def compute_random_maps(request: SaliencyRequest) -> np.ndarray:
        noise = keyed_rng(seed, request.query_id, "random map").random(request.pixels_hwc.shape[:2])
        return checked_maps(_for_each_reference(noise, request), request, "random")

    return compute_random_maps


def build_centre(width_share: float = 0.25) -> SaliencyGenerator:
    """Return a generator of one Gaussian blob at the image's centre.

    Args:
        width_share: the blob's standard deviation as a share of the image's side.
    """

    def compute_centre_maps(request: SaliencyRequest) -> np.ndarray:
        height, width = request.pixels_hwc.shape[:2]
        y = (np.arange(height) + 0.5) / height - 0.5
        x = (np.arange(width) + 0.5) / width - 0.5
        blob = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * width_share**2))
        return checked_maps(_for_each_reference(blob, request), request, "centre")

    return compute_centre_maps


def _for_each_reference(map_hw: np.ndarray, request: SaliencyRequest) -> np.ndarray:
    return np.broadcast_to(map_hw, (len(request.reference_embeddings_kd), *map_hw.shape))
