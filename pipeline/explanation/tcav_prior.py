"""The TCAV prior: how often a concept vector of an attribute pulls the pairs together that have it.

Must not import torch. Cost: `repeats` logistic regressions an attribute, and one product of pairs and random vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pipeline.errors import BadSetting
from pipeline.multiple_testing import holm
from pipeline.randomness import keyed_rng

LEVEL = 0.05
# Enough that the smallest p-value passes Holm's correction over 200 attributes.
RANDOM_VECTORS = 5000
_MOST_EXAMPLES = 500


@dataclass(frozen=True)
class TcavPrior:
    """The prior and what it rests on, all (attribute,) float64.

    Attributes:
        prior_a: share of sensitive pairs where that is significant, else 1 / attributes; sums to 1 after division.
        share_a: share of the pairs whose query has the attribute with positive sensitivity; NaN without such pairs or
            where training images do not differ in the attribute.
        p_value_a: chance of such a share under random vectors, one-sided, after Holm's correction; NaN likewise.
    """

    prior_a: npt.NDArray[np.float64]
    share_a: npt.NDArray[np.float64]
    p_value_a: npt.NDArray[np.float64]


@dataclass(frozen=True)
class ConceptImages:
    """Training images that concept vectors are fitted on.

    Attributes:
        embeddings_nd: (image, dimension) of the explained model, unit norm.
        labels_na: bool (image, attribute).
        units_n: integer (image,), what negatives and positives are drawn by: the image, or its class where labels
            belong to classes, whose images are copies of one another as far as labels go.
    """

    embeddings_nd: npt.NDArray[np.floating[Any]]
    labels_na: npt.NDArray[np.bool_]
    units_n: npt.NDArray[np.integer[Any]]


def tcav_prior(
    train: ConceptImages,
    queries_pd: npt.NDArray[np.floating[Any]],
    references_pd: npt.NDArray[np.floating[Any]],
    present_pa: npt.NDArray[np.bool_],
    seed: int,
    repeats: int = 10,
) -> TcavPrior:
    """Return the prior from held-out pairs.

    The sensitivity of a pair to concept v is the derivative of its cosine along v at the query,
    D_v cos(f, g) = (v . g - s v . f) / ||f|| for unit f and g with cosine s; only its sign counts, so the norm plays no
    part. v is the normal of a logistic regression, present against absent, on centred embeddings, repeated with fresh
    examples of both; shares are averaged over the repeats.

    Args:
        train: images that concepts are learned from.
        queries_pd: (pair, dimension) unit embeddings.
        references_pd: likewise.
        present_pa: bool (pair, attribute), labels of the queries.
        seed: keys examples and random vectors.
        repeats: concept vectors of each attribute.

    Raises:
        BadSetting: shapes disagree, or there are no pairs.

    Source: Kim et al. (2018) for concept vectors; the papers name TCAV without a construction, which is this project's.
    Deviation from TCAV: shares are compared with those under random vectors, not with one half, because the share
    follows where the embeddings' origin lies.
    """
    queries, references = (np.asarray(each, dtype=np.float64) for each in (queries_pd, references_pd))
    _check(train, queries, references, present_pa)
    n_attributes = present_pa.shape[1]
    # The derivative of the cosine with respect to the unit query, up to a positive factor.
    gradients_pd = references - (queries * references).sum(axis=1, keepdims=True) * queries
    null_rv = keyed_rng(seed, "random concepts").normal(size=(queries.shape[1], RANDOM_VECTORS))
    null_positive_pv = gradients_pd @ null_rv > 0
    share_a, p_value_a = np.full(n_attributes, np.nan), np.full(n_attributes, np.nan)
    for attribute in range(n_attributes):
        has_p = present_pa[:, attribute]
        concepts_rd = concept_vectors(train, attribute, seed, repeats)
        if not has_p.any() or not len(concepts_rd):
            continue
        share_a[attribute] = (gradients_pd[has_p] @ concepts_rd.T > 0).mean()
        null_v = null_positive_pv[has_p].mean(axis=0)
        p_value_a[attribute] = (1 + (null_v >= share_a[attribute]).sum()) / (1 + RANDOM_VECTORS)
    return _prior(share_a, p_value_a)


def concept_vectors(train: ConceptImages, attribute: int, seed: int, repeats: int) -> npt.NDArray[np.float64]:
    """Return unit concept vectors (repeat, dimension), float64; none where training images do not differ in it."""
    embeddings_nd = np.asarray(train.embeddings_nd, dtype=np.float64)
    centred_nd = embeddings_nd - embeddings_nd.mean(axis=0)
    has_n = train.labels_na[:, attribute]
    if has_n.all() or not has_n.any():
        return np.zeros((0, embeddings_nd.shape[1]))
    vectors = []
    # Finding the thread pools and checking the regression's parameters takes as long as fitting a vector.
    with threadpool_limits(1, "blas"), config_context(skip_parameter_validation=True):
        for repeat in range(repeats):
            rng = keyed_rng(seed, "concept examples", attribute, repeat)
            rows = np.concatenate([_examples(train.units_n, has_n == wanted, rng) for wanted in (True, False)])
            fitted = LogisticRegression(class_weight="balanced").fit(centred_nd[rows], has_n[rows])
            vectors.append(fitted.coef_[0] / max(float(np.linalg.norm(fitted.coef_[0])), 1e-12))
    return np.stack(vectors)


def _examples(
    units_n: npt.NDArray[np.integer[Any]], allowed_n: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return rows of about half of the allowed units, at least one unit, and of those at most 500 images."""
    units = np.unique(units_n[allowed_n])
    chosen = rng.choice(units, size=max(1, (len(units) + 1) // 2), replace=False)
    rows = np.flatnonzero(allowed_n & np.isin(units_n, chosen))
    return rows if len(rows) <= _MOST_EXAMPLES else np.sort(rng.choice(rows, size=_MOST_EXAMPLES, replace=False))


def _prior(share_a: npt.NDArray[np.float64], p_value_a: npt.NDArray[np.float64]) -> TcavPrior:
    n_attributes = len(share_a)
    corrected_a = holm(p_value_a)
    value_a = np.where(corrected_a <= LEVEL, share_a, 1 / n_attributes)
    return TcavPrior(value_a / value_a.sum(), share_a, corrected_a)


def _check(
    train: ConceptImages,
    queries_pd: npt.NDArray[np.float64],
    references_pd: npt.NDArray[np.float64],
    present_pa: npt.NDArray[np.bool_],
) -> None:
    shapes: Sequence[object] = (train.embeddings_nd.shape, train.labels_na.shape, queries_pd.shape, present_pa.shape)
    same_images = len(train.embeddings_nd) == len(train.labels_na) == len(train.units_n)
    same_pairs = queries_pd.shape == references_pd.shape and len(queries_pd) == len(present_pa) > 0
    if not (same_images and same_pairs and train.labels_na.shape[1] == present_pa.shape[1]):
        raise BadSetting(
            expected="training images (n, d) with labels (n, a), and pairs (p, d) with presence (p, a), at least one",
            found=", ".join(map(str, shapes)),
            where="TCAV prior",
            remedy="pass training images and held-out pairs of one model and one vocabulary",
        )
