"""The audit's figures with their intervals: hits, use, regret, skill, and the instrument check.

Everything is clustered by query. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.outcomes import AuditOutcomes, TrueEffects, eligible_pairs, largest_effect_is_absence
from pipeline.evaluation.bootstrap import (
    Interval,
    Ratio,
    clustered_interval,
    clustered_ratio_interval,
)

_DISTRACTOR_QUANTILE = 0.95


@dataclass(frozen=True)
class UnlearnedDriver:
    """A driver the similarity model did not take up: the instrument, not an explanation, has failed.

    Attributes:
        attribute: its index.
        mean_effect: its mean |Delta| where present in both images; NaN if it never is.
        threshold: what the mean had to exceed.
    """

    attribute: int
    mean_effect: float
    threshold: float


def audit_measures(
    outcomes: AuditOutcomes,
    clusters_p: npt.NDArray[np.integer],
    constant: AuditOutcomes | None = None,
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Return a variant's figures over the eligible pairs, by name, as fractions.

    Keys: `hit_at_1`, `used`, `normalised_regret` (0 perfect, 1 random-present), `absent_naming`, and, where
    the outcomes of the best constant (chosen on validation pairs) are given, `skill` (1 perfect, 0 no better
    than the constant). n counts the eligible pairs in which the figure is defined.

    Args:
        outcomes: of the variant.
        clusters_p: (pair,) query of each pair.
        constant: outcomes of the best constant on the same pairs.
        seed: see `clustered_interval`, as for samples and confidence.

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.

    Source: the audit's definitions. Deliberate choice: absent-naming is over the eligible pairs as well, so
    that it explains the regret beside it.
    """
    regret = regret_ratio(outcomes)
    ratios = {
        "hit_at_1": _mean_over_eligible(outcomes.hit_p, outcomes),
        "used": _mean_over_eligible(outcomes.used_p, outcomes),
        "normalised_regret": regret,
        "absent_naming": _mean_over_eligible(outcomes.absent_p, outcomes),
    }
    if constant is not None:
        # 1 - R / Rc = sum(effect - constant's effect) / sum(best - constant's effect): again a ratio of sums.
        ratios["skill"] = Ratio(
            _where_eligible(outcomes.effect_p - constant.effect_p, outcomes),
            _where_eligible(outcomes.best_p - constant.effect_p, outcomes),
        )
    return {
        name: clustered_ratio_interval(
            ratio.numerator_p,
            ratio.denominator_p,
            clusters_p,
            seed=seed,
            samples=samples,
            confidence=confidence,
        )
        for name, ratio in ratios.items()
    }


def instrument_measures(
    truth: TrueEffects,
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Return what bounds any variant: `eligible_share` and, as a ceiling, `largest_effect_is_absence`.

    Both are shares of the pairs; those without any effect are not eligible, and left out of the second.
    Arguments and errors as in `audit_measures`.
    """
    shares = {
        "eligible_share": eligible_pairs(truth).astype(np.float64),
        "largest_effect_is_absence": largest_effect_is_absence(truth),
    }
    return {
        name: clustered_interval(share_p, clusters_p, seed=seed, samples=samples, confidence=confidence)
        for name, share_p in shares.items()
    }


def regret_ratio(outcomes: AuditOutcomes) -> Ratio:
    """Return the parts of normalised regret: Delta* - Delta(named) over Delta* - mean Delta, eligible pairs.

    NaN elsewhere. The denominator is the regret that naming a present attribute at random expects.
    """
    return Ratio(
        _where_eligible(outcomes.best_p - outcomes.effect_p, outcomes),
        _where_eligible(outcomes.best_p - outcomes.mean_p, outcomes),
    )


def mean_absolute_effects(
    delta_pa: npt.NDArray[np.floating],
    counted_pa: npt.NDArray[np.bool_],
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> tuple[Interval, ...]:
    """Return each attribute's mean |Delta| with its interval, in vocabulary order.

    Args:
        delta_pa: (pair, attribute) effects.
        counted_pa: (pair, attribute) bool, where to count it: present in the query, or in both images.
        clusters_p: (pair,) query of each pair.
        seed: see `clustered_interval`, as for samples and confidence.

    Raises:
        BadSetting: samples or confidence out of range.
        BadDataset: lengths differ.
    """
    sizes_pa = np.where(counted_pa, np.abs(delta_pa), np.nan)
    return tuple(
        clustered_interval(sizes_p, clusters_p, seed=seed, samples=samples, confidence=confidence)
        for sizes_p in sizes_pa.T
    )


def driver_learned(
    mean_effects_a: npt.NDArray[np.floating],
    is_driver_a: npt.NDArray[np.bool_],
    is_distractor_a: npt.NDArray[np.bool_],
    floor: float,
) -> tuple[UnlearnedDriver, ...]:
    """Return the drivers that the similarity model did not learn: none means that the instrument works.

    Args:
        mean_effects_a: (attribute,) mean |Delta| where it is present in both images; NaN if it never is.
        is_driver_a: (attribute,) bool, planted drivers.
        is_distractor_a: (attribute,) bool, attributes planted to have no part in the similarity. Leave out
            distractors that were correlated with a driver: a model may use those, which is no failure.
        floor: tau.

    A driver must exceed both tau and the 95th percentile of the distractors' mean effects.
    """
    means = np.asarray(mean_effects_a, dtype=np.float64)
    distractors = means[is_distractor_a & ~np.isnan(means)]
    threshold = float(floor)
    if distractors.size:
        threshold = max(threshold, float(np.quantile(distractors, _DISTRACTOR_QUANTILE)))
    unlearned = np.flatnonzero(is_driver_a & ~(means > threshold))
    return tuple(UnlearnedDriver(int(a), float(means[a]), threshold) for a in unlearned)


def _mean_over_eligible(values_p: npt.NDArray[np.float64], outcomes: AuditOutcomes) -> Ratio:
    kept_p = _where_eligible(values_p, outcomes)
    return Ratio(kept_p, np.ones_like(kept_p))


def _where_eligible(values_p: npt.NDArray[np.float64], outcomes: AuditOutcomes) -> npt.NDArray[np.float64]:
    return np.where(outcomes.eligible_p, values_p, np.nan)
