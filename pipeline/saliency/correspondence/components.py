"""The parts of a match: pairs of regions, one in each image, that raise the score together, largest first.

The positive joint effects of a pair's cells are split into a few products of a region of the query and a region of the
reference. Three ways are compared on items whose causes are known (docs/results.md):

* `factors`: non-negative factors under the Kullback-Leibler divergence. Their parts add up to the whole.
* `coclusters`: spectral co-clustering; every cell belongs to one component.
* `singular`: singular vectors of all joint effects, which may be negative; each is orthogonal to those before.

Sources: Lee and Seung 2001 (factors); Dhillon 2001 (co-clusters); both as in scikit-learn.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from sklearn.cluster import SpectralCoclustering
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

FACTOR_STEPS = 200


@dataclass(frozen=True)
class MatchComponents:
    """Components of one pair, largest share first.

    Attributes:
        query_ku: float64 (component, query cell) region in the query, summing to 1; of `singular` signed, unit norm.
        reference_kv: float64 (component, reference cell) likewise.
        joint_k: float64 (component,) what it adds to the score, in units of the joint effects' sum.
        share_k: float64 (component,) of the positive joint effects; of `singular` of all joint effects.
    """

    query_ku: npt.NDArray[np.float64]
    reference_kv: npt.NDArray[np.float64]
    joint_k: npt.NDArray[np.float64]
    share_k: npt.NDArray[np.float64]


def match_components(joint_uv: npt.NDArray[np.float64], components: int, method: str) -> MatchComponents:
    """Return a pair's components: as many as asked for, or as there are rows with any joint effect above 0.

    Args:
        joint_uv: float64 (query cell, reference cell) joint effects, finite.
        components: the most.
        method: one of METHODS.
    """
    positive_uv = np.maximum(joint_uv, 0)
    most = min(components, int((positive_uv > 0).any(axis=1).sum()), int((positive_uv > 0).any(axis=0).sum()))
    if most == 0:
        nothing = np.zeros((0, joint_uv.shape[0])), np.zeros((0, joint_uv.shape[1]))
        return MatchComponents(*nothing, np.zeros(0), np.zeros(0))
    split = _whole if most == 1 and method != "singular" else METHODS[method]
    query_ku, reference_kv, joint_k, total = split(joint_uv, most)
    order = np.argsort(-joint_k, kind="stable")
    share_k = joint_k / total if total else np.zeros(len(joint_k))
    return MatchComponents(query_ku[order], reference_kv[order], joint_k[order], share_k[order])


_Split = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], float]


def _whole(joint_uv: npt.NDArray[np.float64], _components: int) -> _Split:
    """Return all of it as one component, which is the best single factor, too."""
    positive_uv = np.maximum(joint_uv, 0)
    query_ku, joint_k = _summing_to_one(positive_uv.sum(axis=1)[None])
    reference_kv, _ = _summing_to_one(positive_uv.sum(axis=0)[None])
    return query_ku, reference_kv, joint_k, float(positive_uv.sum())


def _factors(joint_uv: npt.NDArray[np.float64], components: int) -> _Split:
    positive_uv = np.maximum(joint_uv, 0)
    # Brought to a mean of 1: the solver's own small numbers are absolute.
    scale = positive_uv.mean()
    model = NMF(
        components, init="nndsvda", solver="mu", beta_loss="kullback-leibler", max_iter=FACTOR_STEPS, random_state=0
    )
    # Effects that the first guess fits exactly have no error to be divided by.
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        # More steps move the regions by less than their cells can show.
        warnings.simplefilter("ignore", ConvergenceWarning)
        left_uk = model.fit_transform(positive_uv / scale)
    query_ku, query_sums_k = _summing_to_one(left_uk.T)
    reference_kv, reference_sums_k = _summing_to_one(model.components_)
    return query_ku, reference_kv, query_sums_k * reference_sums_k * scale, float(positive_uv.sum())


def _coclusters(joint_uv: npt.NDArray[np.float64], components: int) -> _Split:
    positive_uv = np.maximum(joint_uv, 0)
    # A cell without any joint effect has no place in a graph; a trace of one gives it a place without weight.
    traced_uv = positive_uv + 1e-9 * positive_uv.max()
    found = SpectralCoclustering(components, random_state=0).fit(traced_uv)
    inside_kuv = [
        positive_uv * np.outer(found.row_labels_ == number, found.column_labels_ == number)
        for number in range(components)
    ]
    joint_k = np.array([inside_uv.sum() for inside_uv in inside_kuv])
    query_ku, _ = _summing_to_one(np.stack([inside_uv.sum(axis=1) for inside_uv in inside_kuv]))
    reference_kv, _ = _summing_to_one(np.stack([inside_uv.sum(axis=0) for inside_uv in inside_kuv]))
    return query_ku, reference_kv, joint_k, float(positive_uv.sum())


def _singular(joint_uv: npt.NDArray[np.float64], components: int) -> _Split:
    left_uk, values_k, right_kv = np.linalg.svd(joint_uv, full_matrices=False)
    query_ku, reference_kv = left_uk.T[:components], right_kv[:components]
    # A pair of vectors is the same pair with both signs turned: the larger side is to point up.
    sums_2k = np.stack([query_ku.sum(axis=1), reference_kv.sum(axis=1)])
    larger_k = np.take_along_axis(sums_2k, np.abs(sums_2k).argmax(axis=0)[None], axis=0)[0]
    sign_k1 = np.where(larger_k < 0, -1.0, 1.0)[:, None]
    return query_ku * sign_k1, reference_kv * sign_k1, values_k[:components] * sums_2k.prod(axis=0), joint_uv.sum()


def _summing_to_one(regions_ku: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return regions that sum to 1, and what they summed to; one of zeros stays."""
    sums_k = regions_ku.sum(axis=1)
    return regions_ku / np.where(sums_k > 0, sums_k, 1)[:, None], sums_k


METHODS: Mapping[str, Callable[[npt.NDArray[np.float64], int], _Split]] = MappingProxyType(
    {"factors": _factors, "coclusters": _coclusters, "singular": _singular}
)
