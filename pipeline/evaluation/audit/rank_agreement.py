"""Agreement of whole rankings with the truth: of an explanation's scores, and of replacement effects.

Within-pair agreement, because effects of different pairs differ in scale. Must not import torch.
Cost: the square of the number of attributes per pair, in blocks of bounded memory.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from pipeline.evaluation.bootstrap import Interval, clustered_interval, clustered_ratio_interval

_ELEMENTS_PER_BLOCK = 4_000_000


@dataclass(frozen=True)
class ReplacementValidity:
    """How well the effect of swapping in another image tells the effect of editing the attribute alone.

    Attributes:
        rank_agreement: mean within-pair Spearman correlation of drop and Delta.
        bias: mean of drop - Delta over all entries.
        distance_slope: slope of the error drop - Delta on the replacement's distance (least squares): what
            an effect gains merely because its replacement lies farther off.
    """

    rank_agreement: Interval
    bias: Interval
    distance_slope: Interval


def rank_agreement(
    scores_pa: npt.NDArray[np.floating],
    delta_pa: npt.NDArray[np.floating],
    present_pa: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Return the within-pair Kendall tau-b of scores against true effects over P(q): (pair,) in [-1, 1].

    NaN where fewer than two present attributes have both, or either is constant over them.

    Source: Kendall 1945 (tau-b corrects for ties in either ranking).
    """
    kept_pa = present_pa & ~np.isnan(scores_pa) & ~np.isnan(delta_pa)
    n_pairs, n_attributes = kept_pa.shape
    tau_p = np.full(n_pairs, np.nan)
    block = max(1, _ELEMENTS_PER_BLOCK // max(1, n_attributes**2))
    for start in range(0, n_pairs, block):
        rows = slice(start, start + block)
        comparable = kept_pa[rows, :, None] & kept_pa[rows, None, :]
        score_sign = _signs_of_differences(scores_pa[rows], comparable)
        delta_sign = _signs_of_differences(delta_pa[rows], comparable)
        agreement = (score_sign * delta_sign).sum(axis=(1, 2))
        untied = (score_sign**2).sum(axis=(1, 2)) * (delta_sign**2).sum(axis=(1, 2))
        np.divide(agreement, np.sqrt(untied), out=tau_p[rows], where=untied > 0)
    return tau_p


def spearman_within_pairs(
    values_pa: npt.NDArray[np.floating],
    delta_pa: npt.NDArray[np.floating],
    counted_pa: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Return the within-pair Spearman correlation over the counted attributes: (pair,) in [-1, 1].

    Ties get their mean rank. NaN where fewer than two attributes have both, or either is constant.
    """
    kept_pa = counted_pa & ~np.isnan(values_pa) & ~np.isnan(delta_pa)
    correlation_p = np.full(kept_pa.shape[0], np.nan)
    for pair in np.flatnonzero(kept_pa.sum(axis=1) > 1):
        kept_a = kept_pa[pair]
        ranks = np.stack([rankdata(values_pa[pair, kept_a]), rankdata(delta_pa[pair, kept_a])])
        centred = ranks - ranks.mean(axis=1, keepdims=True)
        scale = np.sqrt((centred**2).sum(axis=1).prod())
        if scale > 0:
            correlation_p[pair] = (centred[0] * centred[1]).sum() / scale
    return correlation_p


def replacement_validity(
    drop_pa: npt.NDArray[np.floating],
    delta_pa: npt.NDArray[np.floating],
    distance_pa: npt.NDArray[np.floating],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
) -> ReplacementValidity:
    """Return how valid a kind of replacement effect is, with 95 % intervals clustered by query.

    Args:
        drop_pa: (pair, attribute) effects with the sign of Delta: minus the stored change for removal,
            deletion and matched effects, and for insertion against the Delta of the absent attribute, too.
            NaN wherever an attribute is not to be counted.
        delta_pa: (pair, attribute) true effects.
        distance_pa: (pair, attribute) distance of the replacement from the query; NaN where unknown.
        clusters_p: (pair,) query of each pair.
        seed: see `clustered_interval`, as for samples.

    Raises:
        BadSetting: fewer than one sample.
        BadDataset: lengths differ.

    Deliberate choice: the slope is over the pooled entries, distances centred on their overall mean.
    """
    error_pa = np.asarray(drop_pa, np.float64) - delta_pa
    counted_pa = ~np.isnan(error_pa)
    correlation_p = spearman_within_pairs(drop_pa, delta_pa, counted_pa)
    with_distance = counted_pa & ~np.isnan(distance_pa)
    centred = np.zeros_like(error_pa)
    if with_distance.any():
        centred[with_distance] = distance_pa[with_distance] - distance_pa[with_distance].mean()
    # Distances are centred, so the slope is sum(distance x error) / sum(distance^2), resampled by cluster.
    slope_parts = (centred * np.where(with_distance, error_pa, 0)).sum(axis=1), (centred**2).sum(axis=1)
    counts_p = counted_pa.sum(axis=1).astype(np.float64)
    errors_p = np.where(counted_pa, error_pa, 0).sum(axis=1)
    return ReplacementValidity(
        clustered_interval(correlation_p, clusters_p, seed=seed, samples=samples),
        clustered_ratio_interval(errors_p, counts_p, clusters_p, seed=seed, samples=samples),
        clustered_ratio_interval(*slope_parts, clusters_p, seed=seed, samples=samples),
    )


def _signs_of_differences(
    values_pa: npt.NDArray[np.floating], comparable_paa: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return (pair, attribute, attribute): -1, 0 or 1, and 0 where not comparable."""
    values = np.nan_to_num(np.asarray(values_pa, dtype=np.float64))
    return np.where(comparable_paa, np.sign(values[:, :, None] - values[:, None, :]), 0.0)
