"""The audit: what each variant named, against what re-rendering shows to be true (planted data only)."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_embeddings, read_pair_frame
from flows.readers.replacement_effects import KINDS, read_replacement_distances, read_replacement_effects
from flows.readers.true_effects import read_effect_flags, read_truth
from pipeline.datasets.planted.drivers import driver_attributes
from pipeline.datasets.planted.items import copying_attributes
from pipeline.evaluation.audit.agreement_rows import rank_agreement_rows, switching_rows
from pipeline.evaluation.audit.answers import audited_answers
from pipeline.evaluation.audit.claim import claim_rows
from pipeline.evaluation.audit.directions import direction_clusters, direction_rows
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.replacement_rows import MeasuredEffects, replacement_rows
from pipeline.evaluation.audit.rows import AuditedPairs, calibration_row, instrument_rows, outcome_rows, variant_rows
from pipeline.evaluation.bootstrap import Resampling
from pipeline.explanation.variants import all_variants
from stores.parts import Part


def run(inputs: JobInputs) -> JobResult:
    """Return `audit_outcomes` (pair, variant) and the audit's rows of `metrics`."""
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, "test")
    truth = read_truth(upstream, frame)
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    scores = dict(zip(all_variants(settings["variants"]), scores_vpa, strict=True))
    audited = audited_answers(truth, read_truth(upstream, read_pair_frame(upstream, "valid")), scores)
    audited = audited.with_answers(upstream.arrays("answers", "named", "answered"))
    probability_p = upstream.table("answers", "answers")["probability"].to_numpy(zero_copy_only=False)
    pairs = _audited_pairs(inputs, frame)
    targets = np.array(upstream.table("images", "images", "test")["similarity_target"].to_pylist())
    resampling = Resampling(int(settings["seed"]), int(settings["bootstrap_samples"]))
    rows = [
        *instrument_rows(truth, pairs, read_embeddings(upstream, "test"), targets, resampling),
        *variant_rows(audited, pairs, resampling),
        calibration_row(audited, np.asarray(probability_p, dtype=np.float64)),
        *rank_agreement_rows(truth, scores, pairs.clusters_p, resampling),
        *switching_rows(audited, frame.query_p, resampling),
        *(
            direction_rows(audited, frame.query_p, frame.reference_p, resampling)
            if settings.get("both_directions", False)
            else []
        ),
        *claim_rows(audited.outcomes, pairs.clusters_p, resampling),
        *replacement_rows(_replaced(upstream, frame, truth), truth, pairs.clusters_p, resampling),
    ]
    parts: dict[str, Part] = {
        "metrics": inputs.table("audit_metrics", rows),
        "audit_outcomes": inputs.table("audit_outcomes", outcome_rows(audited, pairs)),
    }
    eligible = int(audited.outcomes["oracle"].eligible_p.sum())
    return JobResult(parts, {"pairs": len(frame.pair_ids), "eligible_pairs": eligible})


def _audited_pairs(inputs: JobInputs, frame: PairFrame) -> AuditedPairs:
    both_directions = bool(inputs.settings.get("both_directions", False))
    names = np.array(frame.attribute_names)
    is_driver_a = np.isin(names, driver_attributes(inputs.settings["drivers"]))
    # A model may well use distractors that nearly always copy a driver: they are no measure of noise.
    is_copy_a = np.isin(names, copying_attributes()) & (inputs.settings["label_mode"] == "correlated")
    present_pa, in_reference_pa = (
        read_effect_flags(inputs.upstream, frame, column) for column in ("present", "in_reference")
    )
    return AuditedPairs(
        frame.pair_ids,
        frame.image_ids,
        frame.query_p,
        frame.reference_p,
        direction_clusters(frame.query_p, frame.reference_p) if both_directions else frame.query_p,
        present_pa & in_reference_pa,
        frame.attribute_names,
        is_driver_a,
        ~is_driver_a & ~is_copy_a,
    )


def _replaced(upstream: Upstream, frame: PairFrame, truth: TrueEffects) -> dict[str, MeasuredEffects]:
    """Return the effects by kind; undefined where label and item disagree, as labels choose the replacements."""
    agree_pa = frame.present_pa == truth.present_pa
    return {
        kind: MeasuredEffects(
            np.where(agree_pa, read_replacement_effects(upstream, "test", kind, frame), np.nan),
            read_replacement_distances(upstream, "test", kind, frame),
        )
        for kind in KINDS
    }
