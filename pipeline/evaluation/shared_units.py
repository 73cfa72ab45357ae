"""What intervals resample whole: the coarsest thing that pairs, or images, share. Must not import torch."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.datasets.declaration import CLASS, OUTFIT, QUERY

IMAGE: Final = "image"
# Values of the column `cluster_unit` of the table `metrics`.
CLUSTER_UNITS: Final = (QUERY, CLASS, OUTFIT, IMAGE)
_FEWEST: Final = 10


def few_clusters(n_clusters: int | None) -> bool:
    """Return whether an interval speaks of these clusters alone, not of others like them: fewer than 10.

    False where nothing was resampled: None or 0.
    """
    return n_clusters is not None and 0 < n_clusters < _FEWEST


def outfit_clusters(
    query_p: npt.NDArray[np.integer], reference_p: npt.NDArray[np.integer], outfits: Sequence[npt.NDArray[np.integer]]
) -> npt.NDArray[np.int64]:
    """Return an integer for each pair, (pair,) int64, equal for pairs that share an outfit or a query.

    A pair comes from the first outfit that holds both of its images; a pair that none holds shares its query alone.
    Outfits in which one query has pairs count as one. Two that share a reference alone do not: chains of popular
    items would make most outfits one.

    Args:
        query_p: row of each pair's query among the images.
        reference_p: row of each pair's reference.
        outfits: rows of each outfit's images.
    """
    outfits_of: dict[int, list[int]] = {}
    for outfit, images in enumerate(outfits):
        for image in images.tolist():
            outfits_of.setdefault(image, []).append(outfit)
    pairs = list(zip(query_p.tolist(), reference_p.tolist(), strict=True))
    homes = [_first_shared(outfits_of.get(query, []), outfits_of.get(reference, [])) for query, reference in pairs]
    # Nodes: outfits first, then images, of which only queries have edges.
    n_nodes = len(outfits) + 1 + max((query for query, _ in pairs), default=0)
    edges = [(home, len(outfits) + query) for home, (query, _) in zip(homes, pairs, strict=True) if home is not None]
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
    component_of_node = connected_components(graph, directed=False)[1]
    queries = np.asarray(query_p, dtype=np.int64)
    return np.unique(component_of_node[len(outfits) + queries], return_inverse=True)[1].astype(np.int64)


def _first_shared(of_query: Sequence[int], of_reference: Sequence[int]) -> int | None:
    return min(set(of_query) & set(of_reference), default=None)
