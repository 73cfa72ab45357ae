"""How far a map changes when the query changes by so little that nobody would see it.

Source: Yeh et al., On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019, Definition 3, estimated by random
draws as there.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.map_protocols.protocol import Noise
from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest


@dataclass(frozen=True)
class QuerySensitivity:
    """Sensitivity of a query's maps (reference,) float64, and the passes that the maps of the noisy copies took."""

    sensitivity_k: npt.NDArray[np.float64]
    forward_passes: int
    gradient_passes: int


def noisy_copies(pixels_hwc: npt.NDArray[np.uint8], query_id: str, noise: Noise) -> npt.NDArray[np.uint8]:
    """Return the query with uniform noise added, uint8 (draw, y, x, 3); whole levels, cut off at 0 and 255.

    The draws depend on seed, query and the number of the draw alone.
    """
    radius = noise.radius_levels
    copies = [
        pixels_hwc.astype(np.int64)
        + keyed_rng(noise.seed, query_id, "max-sensitivity", draw).integers(-radius, radius + 1, pixels_hwc.shape)
        for draw in range(noise.draws)
    ]
    return np.clip(np.stack(copies), 0, 255).astype(np.uint8)


def max_sensitivity(map_hw: npt.NDArray[np.floating], noisy_maps_dhw: npt.NDArray[np.floating]) -> float:
    """Return the largest change of a map over the noisy copies, in lengths of the map: 0 and larger, unbounded.

    NaN where the map is zero throughout.

    Args:
        map_hw: (y, x) saliency of the query as it is.
        noisy_maps_dhw: (draw, y, x) saliency of its noisy copies for the same reference.

    Deliberate departure: divided by the length of the map itself, which the source's implementation does though its
    definition does not; without it, generators of different units could not be compared.
    """
    plain = np.asarray(map_hw, dtype=np.float64)
    length = np.linalg.norm(plain)
    if length == 0:
        return float("nan")
    changes_dhw = np.asarray(noisy_maps_dhw, dtype=np.float64) - plain
    return float(np.linalg.norm(changes_dhw, axis=(1, 2)).max() / length)


def sensitivity_of_query(
    generate: SaliencyGenerator, request: SaliencyRequest, maps_khw: npt.NDArray[np.floating], noise: Noise
) -> QuerySensitivity:
    """Return the max-sensitivity of a query's map for each reference.

    The generator draws for the noisy copies what it draws for the query, so that nothing but the noise differs.

    Args:
        generate: made the query's maps.
        request: of the query, as it was made.
        maps_khw: (reference, y, x), the query's maps.
        noise: what is added.

    Raises:
        BadModel: the generator finds a map that is not finite.
    """
    copies = noisy_copies(request.pixels_hwc, request.query_id, noise)
    # Embeddings that were kept are those of the query without noise.
    asked = [replace(request, pixels_hwc=copy, perturbed_embeddings_nd=None) for copy in copies]
    results = generate(asked)
    noisy_dkhw = np.stack([maps.display_khw for maps in results])
    found = [max_sensitivity(map_hw, noisy_dkhw[:, k]) for k, map_hw in enumerate(maps_khw)]
    return QuerySensitivity(
        np.array(found, dtype=np.float64),
        sum(maps.forward_passes for maps in results),
        sum(maps.gradient_passes for maps in results),
    )
