"""Groups of vectors, each of which becomes an attribute: k-means, agglomerative (Ward) or HDBSCAN, of scikit-learn.

Only the centres are kept: whatever is assigned, fitted or new, goes to the nearest of them. The order in which vectors
are given does not count, as they are sorted first. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans

from pipeline.discovery.methods import Clustering
from pipeline.errors import BadDataset
from pipeline.randomness import derive_seed

STARTS = 10
# scikit-learn takes seeds of 32 bits.
_SEEDS = 2**32


@dataclass(frozen=True)
class Clusters:
    """Centres of groups, the group of most vectors first.

    Attributes:
        centres_kd: float64 (cluster, D) means of the members, not of unit norm.
        radius_k: float64 (cluster,) distance beyond which a vector belongs to none; infinite but for `hdbscan`, where
            it is that of the farthest member.
    """

    centres_kd: npt.NDArray[np.float64]
    radius_k: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centres_kd)


@dataclass(frozen=True)
class ClusteringSpec:
    """How vectors are grouped.

    Attributes:
        method: see Clustering.
        clusters: how many; of `hdbscan` at most.
        smallest: of `hdbscan`, members of a group at least.
        seed: of k-means.
    """

    method: Clustering
    clusters: int
    smallest: int = 10
    seed: int = 0


def fit_clusters(vectors_nd: npt.NDArray[np.floating], spec: ClusteringSpec) -> Clusters:
    """Return the groups of unit vectors, at most as many as there are different vectors.

    Args:
        vectors_nd: (vector, D).
        spec: how.

    Raises:
        BadDataset: no vector, or `hdbscan` finds no group.

    Source: v1 C and ECCV 4, step 6, which name neither the method nor the number.
    """
    vectors = np.asarray(vectors_nd, dtype=np.float64)
    if not len(vectors):
        raise _nothing("no patch", "discovery needs images with neighbours: check discovery.queries and the splits")
    # The starts of k-means, and ties of the others, depend on the order of rows.
    vectors = vectors[np.lexsort(vectors.T[::-1])]
    most = min(spec.clusters, len(np.unique(vectors, axis=0)))
    labels_n = _labels(vectors, spec, most)
    found = [vectors[labels_n == label] for label in range(labels_n.max() + 1)]
    if not found:
        raise _nothing("only noise", "lower discovery.smallest_cluster, or choose discovery.clustering = k_means")
    found = sorted(found, key=lambda members: (-len(members), tuple(members[0])))[:most]
    centres_kd = np.stack([members.mean(axis=0) for members in found])
    radius_k = np.full(len(found), np.inf)
    if spec.method == "hdbscan":
        radius_k = np.array(
            [
                np.linalg.norm(members - centre_d, axis=1).max()
                for members, centre_d in zip(found, centres_kd, strict=True)
            ]
        )
    return Clusters(centres_kd, radius_k)


def _labels(vectors: npt.NDArray[np.float64], spec: ClusteringSpec, most: int) -> npt.NDArray[np.int64]:
    model: KMeans | AgglomerativeClustering | HDBSCAN
    if spec.method == "hdbscan":
        smallest = min(spec.smallest, len(vectors))
        # Of fewer than two vectors there is no neighbourhood.
        if smallest < 2:
            return np.zeros(len(vectors), dtype=np.int64)
        model = HDBSCAN(min_cluster_size=smallest, copy=True)
    elif most == 1:
        return np.zeros(len(vectors), dtype=np.int64)
    elif spec.method == "agglomerative":
        model = AgglomerativeClustering(most)
    else:
        model = KMeans(most, n_init=STARTS, random_state=derive_seed(spec.seed, "clusters of discovery") % _SEEDS)
    labels_n: npt.NDArray[np.int64] = model.fit_predict(vectors).astype(np.int64)
    return labels_n


def _nothing(found: str, remedy: str) -> BadDataset:
    return BadDataset(
        expected="vectors that form groups", found=found, where="the clusters of discovered attributes", remedy=remedy
    )
