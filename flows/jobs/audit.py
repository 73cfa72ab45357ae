"""The audit: what each variant named, against what re-rendering shows to be true (planted data only)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.metric_rows import count_row, metric_row
from flows.jobs.variant_names import all_variants
from flows.readers.pair_frame import PairFrame, read_embeddings, read_pair_frame, read_pair_values
from pipeline.datasets.planted.similarity import driver_attributes
from pipeline.evaluation.audit.measures import (
    audit_measures,
    driver_learned,
    instrument_measures,
    mean_absolute_effects,
    regret_difference,
)
from pipeline.evaluation.audit.outcomes import (
    AuditOutcomes,
    TrueEffects,
    audit_outcomes,
    best_constant_attribute,
    effect_floor,
    named_under_presence,
    oracle_outcomes,
    random_present_outcomes,
)
from pipeline.evaluation.bootstrap import holm
from pipeline.similarity.retrieval import target_correlation
from stores.parts import Part

PRESENT = "|present"
# The claim that is tested: reading the embedding beats what is cheap and what is simple.
CLAIMANT = "embedding_effect+presence"
BASELINES = (
    "classifier",
    "best_constant",
    "prior_only",
    "predicted_in_both",
    "sane",
    "sane+match",
    "sane+match+count",
)


@dataclass(frozen=True)
class Audited:
    """The truth about the test pairs and what every variant achieved."""

    frame: PairFrame
    truth: TrueEffects
    clusters_p: np.ndarray
    constant: AuditOutcomes
    outcomes: dict[str, AuditOutcomes]
    named: dict[str, np.ndarray]


def run(inputs: JobInputs) -> JobResult:
    """Return `audit_outcomes` (pair, variant) and the audit's rows of `metrics`."""
    audited = _audit(inputs)
    options = {"seed": int(inputs.settings["seed"]), "samples": int(inputs.settings["bootstrap_samples"])}
    rows = [
        *_instrument_rows(inputs.upstream, audited, options),
        *_variant_rows(audited, options),
        *_comparison_rows(audited, options),
    ]
    parts: dict[str, Part] = {
        "metrics": inputs.table("audit_metrics", rows),
        "audit_outcomes": inputs.table("audit_outcomes", _outcome_rows(audited)),
    }
    eligible = int(audited.outcomes["oracle"].eligible_p.sum())
    return JobResult(parts, {"pairs": len(audited.frame.pair_ids), "eligible_pairs": eligible})


def _truth(upstream: Upstream, frame: PairFrame) -> TrueEffects:
    stage = f"true_effects.{frame.split}"
    nulls = upstream.table(stage, "null_effects")["effect"].to_numpy()
    delta_pa = read_pair_values(upstream, stage, "true_effects", "effect", frame)
    return TrueEffects(delta_pa, frame.present_pa, effect_floor(nulls))


def _audit(inputs: JobInputs) -> Audited:
    upstream = inputs.upstream
    frame = read_pair_frame(upstream, "test")
    truth = _truth(upstream, frame)
    constant_attribute = best_constant_attribute(_truth(upstream, read_pair_frame(upstream, "valid")))
    constant = audit_outcomes(truth, np.full(len(frame.pair_ids), constant_attribute))
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    outcomes = {"oracle": oracle_outcomes(truth), "random_present": random_present_outcomes(truth)}
    named: dict[str, np.ndarray] = {}
    # The audit's own constant is chosen on true effects; the variant of that name on removal, as in practice.
    for variant, scores_pa in zip(all_variants(list(inputs.settings["variants"])), scores_vpa, strict=True):
        named[variant] = scores_pa.argmax(axis=1)
        named[variant + PRESENT] = named_under_presence(scores_pa, truth.present_pa)
    outcomes |= {variant: audit_outcomes(truth, answer) for variant, answer in named.items()}
    clusters_p = np.unique(frame.query_p, return_inverse=True)[1].astype(np.int64)
    return Audited(frame, truth, clusters_p, constant, outcomes, named)


def _variant_rows(audited: Audited, options: dict[str, int]) -> list[dict[str, Any]]:
    rows = []
    for variant, outcomes in audited.outcomes.items():
        measures = audit_measures(outcomes, audited.clusters_p, audited.constant, **options)
        rows += [metric_row("audit", metric, interval, variant=variant) for metric, interval in measures.items()]
    return rows


def _comparison_rows(audited: Audited, options: dict[str, int]) -> list[dict[str, Any]]:
    if CLAIMANT not in audited.outcomes:
        return []
    baselines = [baseline for baseline in BASELINES if baseline in audited.outcomes]
    differences = [
        regret_difference(audited.outcomes[CLAIMANT], audited.outcomes[baseline], audited.clusters_p, **options)
        for baseline in baselines
    ]
    corrected = holm(np.array([difference.p_value for difference in differences]))
    return [
        metric_row(
            "audit_comparison",
            "regret_difference",
            difference.interval,
            variant=CLAIMANT,
            compared_with=baseline,
            p_value=float(p_value),
        )
        for baseline, difference, p_value in zip(baselines, differences, corrected, strict=True)
    ]


def _instrument_rows(upstream: Upstream, audited: Audited, options: dict[str, int]) -> list[dict[str, Any]]:
    truth, frame = audited.truth, audited.frame
    rows = [
        metric_row("audit_instrument", metric, interval)
        for metric, interval in instrument_measures(truth, audited.clusters_p, **options).items()
    ]
    drivers = driver_attributes()
    is_driver_a = np.array([name in drivers for name in frame.attribute_names])
    # A driver only shows where both images have it.
    shared_pa = frame.present_pa & frame.labels_na[frame.reference_p]
    counted_pa = np.where(is_driver_a, shared_pa, truth.present_pa)
    effects = mean_absolute_effects(truth.delta_pa, counted_pa, audited.clusters_p, **options)
    for name, driver, interval in zip(frame.attribute_names, is_driver_a, effects, strict=True):
        kind = "driver" if driver else "distractor"
        rows.append(metric_row("audit_effect", "mean_absolute_effect", interval, attribute=name, variant=kind))
    unlearned = driver_learned(
        np.array([interval.value for interval in effects]), is_driver_a, ~is_driver_a, truth.floor
    )
    targets = np.array(upstream.table("images", "images", "test")["similarity_target"].to_pylist())
    agreement = target_correlation(read_embeddings(upstream, "test"), targets)
    n_pairs = len(frame.pair_ids)
    names = ", ".join(frame.attribute_names[driver.attribute] for driver in unlearned) or None
    rows += [
        count_row("audit_instrument", "drivers_not_learned", len(unlearned), int(is_driver_a.sum()), attribute=names),
        count_row("audit_instrument", "effect_floor", truth.floor, n_pairs, unit="cosine"),
        count_row("audit_instrument", "target_correlation", agreement, len(targets), unit="correlation"),
    ]
    return rows


def _outcome_rows(audited: Audited) -> list[dict[str, Any]]:
    frame, truth = audited.frame, audited.truth
    rows = []
    for variant, named_p in audited.named.items():
        outcomes = audited.outcomes[variant]
        for row, pair_id in enumerate(frame.pair_ids):
            rows.append(
                {
                    "pair_id": pair_id,
                    "query": frame.image_ids[frame.query_p[row]],
                    "variant": variant,
                    "attribute": frame.attribute_names[named_p[row]] if named_p[row] >= 0 else None,
                    "effect": float(outcomes.effect_p[row]),
                    "best_effect": float(outcomes.best_p[row]),
                    "mean_present_effect": float(outcomes.mean_p[row]),
                    "eligible": bool(outcomes.eligible_p[row]),
                    "present": bool(truth.present_pa[row, named_p[row]]) if named_p[row] >= 0 else False,
                    "hit": bool(outcomes.hit_p[row] > 0.5),
                    "used": bool(outcomes.used_p[row] > 0.5),
                }
            )
    return rows
