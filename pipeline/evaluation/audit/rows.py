"""Rows of the audit: what each variant achieved, pair by pair and over all, and whether the instrument works.

Everything is clustered by query; both directions of a pair, where there are any, are in one cluster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.answers import ANSWER, AuditedAnswers
from pipeline.evaluation.audit.measures import (
    audit_measures,
    driver_learned,
    instrument_measures,
    mean_absolute_effects,
)
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.calibration_error import expected_calibration_error
from pipeline.evaluation.metrics.rows import clustered_by, count_row, metric_row
from pipeline.explanation.answer.naming import NOTHING_NAMED
from pipeline.similarity.retrieval import target_correlation


@dataclass(frozen=True)
class AuditedPairs:
    """The pairs of an audit.

    Attributes:
        pair_ids: of the pairs.
        image_ids: of the split's images.
        query_p: int64 (pair,), row of each pair's query among the images.
        reference_p: int64 (pair,), row of each pair's reference.
        clusters_p: int64 (pair,), what is resampled whole: the query, or what `direction_clusters` says.
        shared_pa: bool (pair, attribute), both items have it, whatever they are labelled with.
        attribute_names: the vocabulary.
        is_driver_a: bool (attribute,), the planted similarity depends on it.
        is_distractor_a: bool (attribute,), what drivers have to exceed: no driver, and no close copy of one.
    """

    pair_ids: Sequence[str]
    image_ids: Sequence[str]
    query_p: np.ndarray
    reference_p: np.ndarray
    clusters_p: np.ndarray
    shared_pa: np.ndarray
    attribute_names: Sequence[str]
    is_driver_a: np.ndarray
    is_distractor_a: np.ndarray


def variant_rows(audited: AuditedAnswers, pairs: AuditedPairs, resampling: Resampling) -> list[dict[str, Any]]:
    """Return the rows of `audit` in `metrics`: regret, hits, use, absent naming and skill of each variant and bound.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    seed, samples = resampling.seed, resampling.samples
    rows = []
    for variant, outcomes in audited.outcomes.items():
        measures = audit_measures(outcomes, pairs.clusters_p, audited.constant, seed=seed, samples=samples)
        rows += [metric_row("audit", metric, interval, variant=variant) for metric, interval in measures.items()]
    return clustered_by(QUERY, rows)


def calibration_row(audited: AuditedAnswers, probability_p: np.ndarray) -> dict[str, Any]:
    """Return how far the answers' stated probabilities (pair,) are from how often they have the largest true effect.

    Pairs without an answer are left out.
    """
    outcomes = audited.outcomes[ANSWER]
    right_p = np.where(audited.named[ANSWER] == NOTHING_NAMED, np.nan, outcomes.hit_p)
    known_p = ~(np.isnan(right_p) | np.isnan(probability_p))
    error = expected_calibration_error(probability_p, right_p)
    return count_row("audit", "expected_calibration_error", error, int(known_p.sum()), variant=ANSWER)


def instrument_rows(
    truth: TrueEffects, pairs: AuditedPairs, embeddings_nd: np.ndarray, targets: np.ndarray, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return the rows of `audit_instrument` and `audit_effect`: did the similarity model learn what was planted?

    Args:
        truth: true effects of the pairs.
        pairs: the pairs.
        embeddings_nd: (image, D) unit norm.
        targets: graded similarity target of each image, as `target_correlation` takes it.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    seed, samples = resampling.seed, resampling.samples
    shares = instrument_measures(truth, pairs.clusters_p, seed=seed, samples=samples)
    rows = [metric_row("audit_instrument", metric, interval) for metric, interval in shares.items()]
    is_driver_a = pairs.is_driver_a
    # A driver only shows where both images have it.
    counted_pa = np.where(is_driver_a, pairs.shared_pa, truth.present_pa)
    effects = mean_absolute_effects(truth.delta_pa, counted_pa, pairs.clusters_p, seed=seed, samples=samples)
    for name, driver, interval in zip(pairs.attribute_names, is_driver_a, effects, strict=True):
        kind = "driver" if driver else "distractor"
        rows.append(metric_row("audit_effect", "mean_absolute_effect", interval, attribute=name, variant=kind))
    mean_a = np.array([interval.value for interval in effects])
    unlearned = driver_learned(mean_a, is_driver_a, pairs.is_distractor_a, truth.floor)
    names = ", ".join(pairs.attribute_names[driver.attribute] for driver in unlearned) or None
    agreement = target_correlation(embeddings_nd, targets)
    return [
        *clustered_by(QUERY, rows),
        count_row("audit_instrument", "drivers_not_learned", len(unlearned), int(is_driver_a.sum()), attribute=names),
        count_row("audit_instrument", "swapped_pairs", _swapped_pairs(pairs), len(pairs.pair_ids)),
        count_row("audit_instrument", "effect_floor", truth.floor, len(pairs.pair_ids), unit="cosine"),
        count_row("audit_instrument", "target_correlation", agreement, len(targets), unit="correlation"),
    ]


def _swapped_pairs(pairs: AuditedPairs) -> int:
    """Return how many pairs are audited from their other side as well: the reference's attributes edited."""
    audited = set(zip(pairs.query_p.tolist(), pairs.reference_p.tolist(), strict=True))
    return sum((reference, query) in audited for query, reference in audited)


def outcome_rows(audited: AuditedAnswers, pairs: AuditedPairs) -> list[dict[str, Any]]:
    """Return the rows of the table `audit_outcomes`: for each variant and pair what naming its answer achieved."""
    return [
        _outcome_row(audited, pairs, variant, row) for variant in audited.named for row in range(len(pairs.pair_ids))
    ]


def _outcome_row(audited: AuditedAnswers, pairs: AuditedPairs, variant: str, row: int) -> dict[str, Any]:
    outcomes, attribute = audited.outcomes[variant], int(audited.named[variant][row])
    names_one = attribute >= 0
    return {
        "pair_id": pairs.pair_ids[row],
        "query": pairs.image_ids[pairs.query_p[row]],
        "variant": variant,
        "attribute": pairs.attribute_names[attribute] if names_one else None,
        "effect": float(outcomes.effect_p[row]),
        "best_effect": float(outcomes.best_p[row]),
        "mean_present_effect": float(outcomes.mean_p[row]),
        "eligible": bool(outcomes.eligible_p[row]),
        "present": bool(audited.truth.present_pa[row, attribute]) if names_one else False,
        "hit": bool(outcomes.hit_p[row] > 0.5),
        "used": bool(outcomes.used_p[row] > 0.5),
    }
