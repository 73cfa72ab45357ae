"""Eq. 4: one score per pair and attribute from confidence, map match and prior.

The three terms are brought to comparable scales first, so that weights mean the same on every dataset.
Imports no torch. Cost: pairs x attributes x cells multiplications.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting

_BLOCK_PAIRS = 2048


@dataclass(frozen=True)
class ExplanationWeights:
    """Weights of the three terms; only their ratios matter.

    Attributes:
        confidence: phi1, on the predictor's confidence.
        map_match: phi2, on the cosine of saliency map and activation map.
        prior: phi3, on the attribute's prior.

    Raises:
        BadSetting: a negative or infinite weight, or all three zero.
    """

    confidence: float
    map_match: float
    prior: float

    def __post_init__(self) -> None:
        weights = (self.confidence, self.map_match, self.prior)
        if not all(np.isfinite(weight) and weight >= 0 for weight in weights) or sum(weights) == 0:
            raise BadSetting(
                expected="three weights of at least 0, one of them positive",
                found=f"(confidence, map_match, prior) = {weights}",
                where="explanation weights",
                remedy="choose a point of the simplex, for example (0.4, 0.6, 0)",
            )

    def on_simplex(self) -> "ExplanationWeights":
        """Return the same ratios with sum 1."""
        total = self.confidence + self.map_match + self.prior
        return ExplanationWeights(self.confidence / total, self.map_match / total, self.prior / total)

    def without_prior(self) -> "ExplanationWeights":
        """Return the weights on the simplex with the prior left out: what `sane+match` uses.

        Raises:
            BadSetting: nothing is left without the prior.
        """
        return ExplanationWeights(self.confidence, self.map_match, 0.0).on_simplex()


# Papers' triples (v1 section 4): nominal only, because the papers do not state the scale of their terms.
POLYVORE_PAPER_WEIGHTS = ExplanationWeights(0.1, 0.9, 0.05)
AWA_PAPER_WEIGHTS = ExplanationWeights(0.4, 0.6, 0.05)


@dataclass(frozen=True)
class ExplanationTerms:
    """The three terms of Eq. 4, each (pairs, attributes), float64, in [0, 1].

    Attributes:
        confidence_pa: confidence of the query's attribute, as a share of the query's largest confidence.
        map_match_pa: cosine of the pair's map and the query's activation map; NaN where the map is missing.
        prior_pa: prior as a share of the largest prior; 0 throughout where there is none.
    """

    confidence_pa: npt.NDArray[np.float64]
    map_match_pa: npt.NDArray[np.float64]
    prior_pa: npt.NDArray[np.float64]

    def with_prior(self, prior_a: npt.NDArray[np.floating[Any]]) -> "ExplanationTerms":
        """Return the same terms with another prior (attribute,).

        Raises:
            BadSetting: not a prior of these attributes, or it has no positive entry.
        """
        prior_pa = np.broadcast_to(_relative_prior(prior_a, self.prior_pa.shape[1]), self.prior_pa.shape)
        return ExplanationTerms(self.confidence_pa, self.map_match_pa, prior_pa)


def explanation_terms(
    logits_na: npt.NDArray[np.floating[Any]],
    activations_nahw: npt.NDArray[np.floating[Any]],
    normalised_maps_pcc: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
    prior_a: npt.NDArray[np.floating[Any]] | None,
) -> ExplanationTerms:
    """Return the comparable terms of Eq. 4 for each pair and attribute.

    `logits_na` and `activations_nahw` belong to images, `normalised_maps_pcc` are the pairs' distributions
    from `normalise_map`, `query_p` the rows of the queries. Without a prior its term is 0.

    Raises:
        BadSetting: grids, attributes or pairs of the inputs disagree, or the prior has no positive entry.

    Source: v1 section 3.3, Eq. 4 (which prints s where the confidence is meant).
    Departure: confidence and prior are divided by their maxima and the cosine compares distributions, because
    a raw map's offset dominates a cosine and the papers state no scales.
    """
    _check_shapes(logits_na, activations_nahw, normalised_maps_pcc, query_p)
    logits_pa = logits_na[query_p].astype(np.float64)
    # softmax / its maximum, without the sum that cancels
    confidence_pa = np.exp(logits_pa - logits_pa.max(axis=1, keepdims=True))
    return ExplanationTerms(
        confidence_pa=confidence_pa,
        map_match_pa=map_match(activations_nahw, normalised_maps_pcc, query_p),
        prior_pa=np.broadcast_to(_relative_prior(prior_a, logits_na.shape[1]), confidence_pa.shape),
    )


def map_match(
    activations_nahw: npt.NDArray[np.floating[Any]],
    normalised_maps_pcc: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return cosines (pairs, attributes) in [0, 1] of each pair's map and its query's activation maps.

    Both sides are distributions over the cells: the activation maps by softmax over space, the maps as they
    come from `normalise_map`. Missing maps give NaN.
    """
    # Settings read the table of variants, so SciPy is imported only where scores are made.
    from scipy.special import softmax

    n_attributes, n_cells = activations_nahw.shape[1], activations_nahw.shape[2] * activations_nahw.shape[3]
    queries_u, row_p = np.unique(query_p, return_inverse=True)
    activations_uac = activations_nahw[queries_u].reshape(-1, n_attributes, n_cells).astype(np.float64)
    activations_uac = softmax(activations_uac, axis=2)
    activations_uac /= np.linalg.norm(activations_uac, axis=2, keepdims=True)
    maps_pc = normalised_maps_pcc.reshape(-1, n_cells).astype(np.float64)
    maps_pc = maps_pc / np.linalg.norm(maps_pc, axis=1, keepdims=True)
    match_pa = np.empty((len(maps_pc), n_attributes))
    for start in range(0, len(maps_pc), _BLOCK_PAIRS):
        block = slice(start, start + _BLOCK_PAIRS)
        match_pa[block] = (activations_uac[row_p[block]] @ maps_pc[block, :, None])[:, :, 0]
    return match_pa


def combine(terms: ExplanationTerms, weights: ExplanationWeights) -> npt.NDArray[np.float64]:
    """Return e = phi1 * confidence + phi2 * match + phi3 * prior, (pairs, attributes), float64.

    A term of weight 0 is left out, so that a missing map leaves scores without map match defined; with a
    positive weight on the match the scores of such a pair are NaN.

    Source: v1 section 3.3, Eq. 4.
    """
    scores_pa = np.zeros(terms.confidence_pa.shape)
    for weight, term_pa in (
        (weights.confidence, terms.confidence_pa),
        (weights.map_match, terms.map_match_pa),
        (weights.prior, terms.prior_pa),
    ):
        if weight > 0:
            scores_pa += weight * term_pa
    return scores_pa


def rank_attributes(scores_pa: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int64]:
    """Return attribute indices (pairs, attributes), best first; equal scores keep vocabulary order.

    Raises:
        BadSetting: a score is NaN, for which there is no rank.
    """
    missing_p = np.isnan(scores_pa).any(axis=1)
    if missing_p.any():
        raise BadSetting(
            expected="a score for every attribute of every pair",
            found=f"NaN scores in {int(missing_p.sum())} of {len(scores_pa)} pairs",
            where=f"ranking of attributes, first at pair row {int(np.argmax(missing_p))}",
            remedy="leave out pairs without a saliency map before ranking, and count them",
        )
    return np.argsort(-scores_pa, axis=1, kind="stable").astype(np.int64)


def _relative_prior(prior_a: npt.NDArray[np.floating[Any]] | None, n_attributes: int) -> npt.NDArray[np.float64]:
    """Return the prior (attributes,) as a share of its largest entry."""
    if prior_a is None:
        return np.zeros(n_attributes)
    if prior_a.shape != (n_attributes,) or not (np.isfinite(prior_a).all() and prior_a.min() >= 0 < prior_a.max()):
        raise BadSetting(
            expected=f"a prior of {n_attributes} non-negative values, one of them positive",
            found=f"shape {prior_a.shape}, values from {prior_a.min():g} to {prior_a.max():g}",
            where="prior of the explanation",
            remedy="compute the prior on the same vocabulary, with smoothing above 0",
        )
    return np.asarray(prior_a, dtype=np.float64) / float(prior_a.max())


def _check_shapes(
    logits_na: npt.NDArray[np.floating[Any]],
    activations_nahw: npt.NDArray[np.floating[Any]],
    normalised_maps_pcc: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
) -> None:
    """Refuse inputs whose images, attributes, cells or pairs disagree."""
    same_images = activations_nahw.shape[:2] == logits_na.shape
    same_cells = activations_nahw.shape[2:] == normalised_maps_pcc.shape[1:]
    if not (same_images and same_cells and len(query_p) == len(normalised_maps_pcc)):
        raise BadSetting(
            expected="logits (n, a), activations (n, a, h, w), maps (p, h, w) and query rows (p,)",
            found=", ".join(str(array.shape) for array in (logits_na, activations_nahw, normalised_maps_pcc, query_p)),
            where="terms of the explanation",
            remedy="normalise maps to the attribute model's grid and pass one query row per map",
        )
