"""Where in a query an attribute is, to the explained model: RISE's passes read along the attribute's direction.

A map of the match asks how the score moves with each pixel; this one asks how much of the attribute the embedding
loses. Both come from the same perturbed embeddings, so there is no further pass.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import mask_coverage, query_masks, reduce_scores

AttributeMaps = Callable[[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]], npt.NDArray[np.float32]]


def build_attribute_maps(spec: RiseSpec, image_size_px: int) -> AttributeMaps:
    """Return a function from a query's perturbed embeddings and directions to a map of each direction.

    It takes embeddings (perturbation, D) in the order of `query_masks`, and directions (attribute, D) that point to
    having the attribute; it returns float32 (attribute, y, x): sum_i (z_i . B_a - mean) M_i / sum_i M_i, larger = the
    pixel shows more of the attribute. The scheme of the masks plays no part in how they are averaged.

    For an attribute that the model does not use the map is noise: show it only with the attribute's effect.

    Raises:
        BadSetting: settings out of their limits, see `query_masks`.

    Source: this project's own; RISE's weighted mean (v1 section 3.2) of another score.
    """
    masks = query_masks(spec, image_size_px)
    coverage_hw = mask_coverage(masks, "cpu")

    def attribute_maps(
        embeddings_nd: npt.NDArray[np.floating[Any]], directions_ad: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.float32]:
        scores_na = np.asarray(embeddings_nd, dtype=np.float64) @ np.asarray(directions_ad, dtype=np.float64).T
        maps_ahw = reduce_scores(torch.from_numpy(scores_na.astype(np.float32)), masks, coverage_hw)
        return np.asarray(maps_ahw.numpy(), dtype=np.float32)

    return attribute_maps
