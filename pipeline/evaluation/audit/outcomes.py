"""The audit of explanations against measured truth: true effects, and the outcome of naming an attribute.

The truth is what the model does: Delta(a) = s(q, r) - s(q with a replaced, r), from rendering the query
again with a changed (positive = a mattered). Pure numpy; must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among

SMALLEST_FLOOR = 0.02
_FLOOR_QUANTILE = 0.99
HIT_SHARE = 0.9


@dataclass(frozen=True)
class TrueEffects:
    """What replacing each attribute of a pair's query really does to the score.

    Attributes:
        delta_pa: (pair, attribute) float64 Delta(a). Present attributes: the factor's other values averaged,
            or the part switched off. Absent ones: the part switched on; NaN where no single edit stands for
            the absence (values of a factor whose present value already has its own entry, impossible parts).
        present_pa: (pair, attribute) bool, P(q): the attributes that the query has.
        floor: tau, the size an effect must exceed to count (`effect_floor`).
    """

    delta_pa: npt.NDArray[np.float64]
    present_pa: npt.NDArray[np.bool_]
    floor: float


@dataclass(frozen=True)
class AuditOutcomes:
    """What a variant's answers achieved, per pair; NaN where a pair has no present attribute with an effect.

    Attributes:
        effect_p: (pair,) float64 Delta of the named attribute; 0 where the query lacks it.
        best_p: (pair,) float64 Delta*, the largest effect over P(q).
        mean_p: (pair,) float64 mean effect over P(q), which naming one of them at random expects.
        hit_p: (pair,) float64, 1 where the named effect is at least 0.9 Delta*, else 0 (or a probability).
        used_p: (pair,) float64, 1 where the named effect exceeds the floor, else 0 (or a probability).
        absent_p: (pair,) float64, 1 where the query lacks what was named, or nothing was named.
        eligible_p: (pair,) bool, Delta* exceeds the floor.
    """

    effect_p: npt.NDArray[np.float64]
    best_p: npt.NDArray[np.float64]
    mean_p: npt.NDArray[np.float64]
    hit_p: npt.NDArray[np.float64]
    used_p: npt.NDArray[np.float64]
    absent_p: npt.NDArray[np.float64]
    eligible_p: npt.NDArray[np.bool_]


def effect_floor(null_effects: npt.NDArray[np.floating]) -> float:
    """Return tau: the larger of 0.02 and the 99th percentile of the sizes of null effects (NaN left out).

    Args:
        null_effects: any shape; effects of edits that change equally many background pixels.

    Source: the audit's definition of tau. The percentile interpolates linearly between order statistics.
    """
    sizes = np.abs(null_effects[~np.isnan(null_effects)])
    return max(SMALLEST_FLOOR, float(np.quantile(sizes, _FLOOR_QUANTILE))) if sizes.size else SMALLEST_FLOOR


def effects_as_angles(s_before: npt.NDArray[np.floating], s_after: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return arccos(after) - arccos(before) in radians, same shape; positive where the score dropped.

    Scores near 1 saturate: equal turns of an embedding cost less score there. Values beyond [-1, 1] by
    rounding are clipped.
    """
    before, after = (np.clip(np.asarray(s, dtype=np.float64), -1, 1) for s in (s_before, s_after))
    angles: npt.NDArray[np.float64] = np.arccos(after) - np.arccos(before)
    return angles


def best_present_effects(truth: TrueEffects) -> npt.NDArray[np.float64]:
    """Return Delta*: (pair,) float64, the largest effect over P(q); NaN where P(q) has no effect."""
    candidates = _candidates(truth)
    best = np.where(candidates, truth.delta_pa, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(candidates.any(axis=1), best, np.nan)


def mean_present_effects(truth: TrueEffects) -> npt.NDArray[np.float64]:
    """Return the mean effect over P(q): (pair,) float64; NaN where P(q) has no effect."""
    candidates = _candidates(truth)
    counts = candidates.sum(axis=1)
    means = np.full(counts.shape, np.nan)
    np.divide(np.where(candidates, truth.delta_pa, 0.0).sum(axis=1), counts, out=means, where=counts > 0)
    return means


def eligible_pairs(truth: TrueEffects) -> npt.NDArray[np.bool_]:
    """Return (pair,) bool: Delta* > tau, that is, some present attribute matters more than a null edit."""
    return best_present_effects(truth) > truth.floor


def best_present_attributes(truth: TrueEffects) -> npt.NDArray[np.int64]:
    """Return (pair,) int64: the attribute of Delta* (ties: the first); -1 where P(q) has no effect."""
    return named_among(truth.delta_pa, truth.present_pa)


def largest_effect_is_absence(truth: TrueEffects) -> npt.NDArray[np.float64]:
    """Return (pair,) float64: 1 where an absent attribute has the largest |Delta| of all, 0 where not.

    Those pairs are beyond methods that can only name what the query has. NaN without any effect; a tie
    between a present and an absent attribute counts as present.
    """
    sizes = np.abs(truth.delta_pa)
    largest_present = np.where(_candidates(truth), sizes, -1.0).max(axis=1, initial=-1.0)
    absent = ~truth.present_pa & ~np.isnan(truth.delta_pa)
    largest_absent = np.where(absent, sizes, -1.0).max(axis=1, initial=-1.0)
    has_effect = (largest_present >= 0) | (largest_absent >= 0)
    return np.where(has_effect, largest_absent > largest_present, np.nan)


def audit_outcomes(truth: TrueEffects, named_p: npt.NDArray[np.integer]) -> AuditOutcomes:
    """Return what naming these attributes achieved, per pair.

    Args:
        truth: the measured effects.
        named_p: (pair,) index of the named attribute; -1 = nothing named, which counts like an absent one.

    Raises:
        BadDataset: lengths differ, or an index is no attribute.

    A present attribute whose edit is impossible (NaN) leaves effect, hit and used NaN.
    """
    _check(truth, named_p)
    pairs = np.arange(named_p.size)
    present_p = truth.present_pa[pairs, named_p] & (named_p != NOTHING_NAMED)
    effect_p = np.where(present_p, truth.delta_pa[pairs, named_p], 0.0)
    best_p = best_present_effects(truth)
    undefined_p = np.isnan(effect_p) | np.isnan(best_p)
    return AuditOutcomes(
        effect_p=effect_p,
        best_p=best_p,
        mean_p=mean_present_effects(truth),
        hit_p=np.where(undefined_p, np.nan, effect_p >= HIT_SHARE * best_p),
        used_p=np.where(undefined_p, np.nan, effect_p > truth.floor),
        absent_p=1.0 - present_p,
        eligible_p=eligible_pairs(truth),
    )


def oracle_outcomes(truth: TrueEffects) -> AuditOutcomes:
    """Return the outcomes of naming the attribute of Delta*: regret 0, the best an explanation can do."""
    return audit_outcomes(truth, best_present_attributes(truth))


def random_present_outcomes(truth: TrueEffects) -> AuditOutcomes:
    """Return the exact expectation of naming one of P(q) uniformly at random: regret 1 by definition.

    hit_p and used_p are probabilities here.
    """
    candidates = _candidates(truth)
    best_p = best_present_effects(truth)
    with_effect = np.where(candidates, truth.delta_pa, -np.inf)
    counts = np.where(candidates.any(axis=1), candidates.sum(axis=1), np.nan)
    hits = (candidates & (with_effect >= HIT_SHARE * best_p[:, None])).sum(axis=1)
    return AuditOutcomes(
        effect_p=mean_present_effects(truth),
        best_p=best_p,
        mean_p=mean_present_effects(truth),
        hit_p=hits / counts,
        used_p=(with_effect > truth.floor).sum(axis=1) / counts,
        absent_p=np.zeros(best_p.shape),
        eligible_p=eligible_pairs(truth),
    )


def best_constant_attribute(truth: TrueEffects) -> int:
    """Return the one attribute whose naming for every pair has the least regret on these (validation) pairs.

    Equivalently: the largest sum of effects over eligible pairs, 0 counted where it is absent; ties go to
    the first.

    Raises:
        BadDataset: no pair is eligible, so that no constant is better than another.
    """
    eligible = eligible_pairs(truth)
    if not eligible.any():
        raise BadDataset(
            expected=f"at least one pair with an effect above {truth.floor:.3g}",
            found=f"none of {eligible.size}",
            where="the audit's validation pairs",
            remedy="check that the similarity model has learned its drivers, or use more pairs",
        )
    effects = np.where(_candidates(truth), truth.delta_pa, 0.0)[eligible]
    return int(effects.sum(axis=0).argmax())


def _candidates(truth: TrueEffects) -> npt.NDArray[np.bool_]:
    """Return (pair, attribute) bool: P(q), less the attributes that cannot be edited."""
    return truth.present_pa & ~np.isnan(truth.delta_pa)


def _check(truth: TrueEffects, named_p: npt.NDArray[np.integer]) -> None:
    n_pairs, n_attributes = truth.delta_pa.shape
    shapes_agree = truth.present_pa.shape == truth.delta_pa.shape and named_p.shape == (n_pairs,)
    if shapes_agree and (n_pairs == 0 or NOTHING_NAMED <= named_p.min() <= named_p.max() < n_attributes):
        return
    raise BadDataset(
        expected=f"{n_pairs} attribute indices from -1 to {n_attributes - 1}, and presence for each effect",
        found=f"indices of shape {named_p.shape}, presence of shape {truth.present_pa.shape}",
        where="the audit",
        remedy="name one attribute of the vocabulary per pair, or -1 for none",
    )
