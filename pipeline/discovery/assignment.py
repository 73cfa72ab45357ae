"""Which image has which discovered attribute: every cluster that one of its vectors falls in. Must not import torch."""

import numpy as np
import numpy.typing as npt

from pipeline.discovery.clustering import Clusters

NO_CLUSTER = -1
# Distances closer than this count as tied.
_TIE_DECIMALS = 10


def nearest_clusters(vectors_nd: npt.NDArray[np.floating], clusters: Clusters) -> npt.NDArray[np.int64]:
    """Return int64 (vector,) the cluster with the nearest centre; ties go to the larger one, which comes first.

    -1 for a vector that is farther from it than the cluster's radius.
    """
    vectors = np.asarray(vectors_nd, dtype=np.float64)
    squares_k = np.einsum("kd,kd->k", clusters.centres_kd, clusters.centres_kd)
    squares_n = np.einsum("nd,nd->n", vectors, vectors)
    distance_nk = np.round(squares_n[:, None] + squares_k - 2 * vectors @ clusters.centres_kd.T, _TIE_DECIMALS)
    nearest_n = distance_nk.argmin(axis=1) if len(vectors) else np.zeros(0, dtype=np.int64)
    is_inside_n = distance_nk[np.arange(len(vectors)), nearest_n] <= np.round(
        clusters.radius_k[nearest_n] ** 2 + 10.0**-_TIE_DECIMALS, _TIE_DECIMALS
    )
    return np.where(is_inside_n, nearest_n, NO_CLUSTER).astype(np.int64)


def image_labels(
    cluster_n: npt.NDArray[np.integer], image_n: npt.NDArray[np.integer], n_images: int, n_clusters: int
) -> npt.NDArray[np.bool_]:
    """Return bool (image, cluster): one of the image's vectors is in the cluster.

    Args:
        cluster_n: (vector,) see nearest_clusters.
        image_n: (vector,) row of the image that each is of.
        n_images: rows.
        n_clusters: columns.

    Source: v1 C and ECCV 4, step 6.
    """
    labels_ik = np.zeros((n_images, n_clusters), dtype=bool)
    is_in_n = np.asarray(cluster_n) != NO_CLUSTER
    labels_ik[np.asarray(image_n)[is_in_n], np.asarray(cluster_n)[is_in_n]] = True
    return labels_ik
