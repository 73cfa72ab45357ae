"""Control generators that know nothing of the model: a method that does not beat these has shown nothing."""

import numpy as np

from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, one_by_one
from pipeline.saliency.controls.blob import WIDTH_SHARE, centre_blob
from pipeline.saliency.controls.declaration import CentreSpec, RandomSpec
from pipeline.similarity.scorer import SimilarityScorer


def build_random(spec: RandomSpec, _scorer: SimilarityScorer, _image_size_px: int, _mode: str) -> SaliencyGenerator:
    """Return the generator that the catalogue names, see build_noise."""
    return build_noise(spec.seed)


def build_centre(_spec: CentreSpec, _scorer: SimilarityScorer, _image_size_px: int, _mode: str) -> SaliencyGenerator:
    """Return the generator that the catalogue names, see build_blob."""
    return build_blob()


def build_noise(seed: int) -> SaliencyGenerator:
    """Return a generator of uniform noise maps, keyed by query: all references of a query get one map."""

    def compute_random_maps(request: SaliencyRequest) -> SaliencyMaps:
        noise = keyed_rng(seed, request.query_id, "random map").random(request.pixels_hwc.shape[:2])
        return _for_each_reference(noise, request)

    return one_by_one(compute_random_maps)


def build_blob(width_share: float = WIDTH_SHARE) -> SaliencyGenerator:
    """Return a generator of one Gaussian blob at the image's centre.

    Args:
        width_share: the blob's standard deviation as a share of the image's side.
    """

    def compute_centre_maps(request: SaliencyRequest) -> SaliencyMaps:
        height, width = request.pixels_hwc.shape[:2]
        return _for_each_reference(centre_blob(height, width, width_share), request)

    return one_by_one(compute_centre_maps)


def _for_each_reference(map_hw: np.ndarray, request: SaliencyRequest) -> SaliencyMaps:
    shape = (len(request.reference_embeddings_kd), *map_hw.shape)
    maps_khw = np.broadcast_to(map_hw.astype(np.float32), shape)
    return SaliencyMaps(maps_khw, maps_khw)
