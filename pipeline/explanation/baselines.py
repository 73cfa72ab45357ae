"""Scores of attributes that look at no saliency map: constants, chance, and what a predictor alone would say.

Every function returns (pairs, attributes), float64, larger = better explanation, ready for
`rank_attributes`; none looks at anything but what its arguments hold.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.randomness import keyed_rng


def random_scores(seed: int, pair_ids: Sequence[str], n_attributes: int) -> npt.NDArray[np.float64]:
    """Return uniform scores in [0, 1), drawn from (seed, pair id) alone: variant `random`.

    Ranked among the query's present (or absent) attributes they are the random rows over those.
    """
    scores_pa = np.empty((len(pair_ids), n_attributes))
    for row, pair_id in enumerate(pair_ids):
        scores_pa[row] = keyed_rng(seed, str(pair_id), "random explanation").random(n_attributes)
    return scores_pa


def best_constant_scores(held_out_drops_pa: npt.NDArray[np.floating[Any]], n_pairs: int) -> npt.NDArray[np.float64]:
    """Return the same scores for every pair, each attribute's mean held-out drop: variant `best_constant`.

    `held_out_drops_pa` holds removal drops s(q, r) - s(q', r) on held-out pairs, 0 where the query lacks the
    attribute and NaN where undefined. The best constant is the attribute with the largest mean drop; an
    undefined drop counts 0, so that an attribute tested on a handful of pairs cannot win by luck.

    Raises:
        BadSetting: no held-out pair.

    Departure: not in the papers, which print no constant baseline.
    """
    if len(held_out_drops_pa) == 0:
        raise BadSetting(
            expected="drops on at least one held-out pair",
            found="none",
            where="variant best_constant",
            remedy="sample held-out pairs, or leave the variant out",
        )
    mean_drop_a = np.nan_to_num(held_out_drops_pa.astype(np.float64), nan=0.0).mean(axis=0)
    return np.tile(mean_drop_a, (n_pairs, 1))


def prior_only_scores(prior_a: npt.NDArray[np.floating[Any]], n_pairs: int) -> npt.NDArray[np.float64]:
    """Return the prior for every pair: variant `prior_only`."""
    return np.tile(prior_a.astype(np.float64), (n_pairs, 1))


def confidence_scores(
    logits_na: npt.NDArray[np.floating[Any]], query_p: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the query's confidences, softmax over attributes.

    Variants `classifier` and `sane`, whichever predictor made the logits.

    Source: v1 section 3.1 (a_hat); v1 Table 2, rows without map matching.
    """
    # Settings read the table of variants, so SciPy is imported only where scores are made.
    from scipy.special import softmax

    return np.asarray(softmax(logits_na[query_p].astype(np.float64), axis=1), dtype=np.float64)


def predicted_in_both_scores(
    logits_na: npt.NDArray[np.floating[Any]],
    query_p: npt.NDArray[np.int64],
    reference_p: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return the product of the confidences in query and reference: variant `predicted_in_both`.

    Departure: not in the papers; the strongest cheap baseline, because shared attributes cause matches.
    """
    return confidence_scores(logits_na, query_p) * confidence_scores(logits_na, reference_p)
