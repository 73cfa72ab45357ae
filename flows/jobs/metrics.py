"""Every figure of the run, each with n and an interval over what its pairs or images share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.answer_groups import read_answer_groups
from flows.readers.answer_sets import read_measured_sets, read_set_sizes
from flows.readers.clusters import read_image_clusters, read_pair_clusters
from flows.readers.pair_frame import (
    PairFrame,
    read_attribute_logits,
    read_pair_frame,
)
from flows.readers.replacement_effects import (
    KINDS,
    read_matched_halves,
    read_query_has,
    read_replacement_distances,
    read_replacement_effects,
)
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.answer_groups import group_rows
from pipeline.evaluation.metrics.answer_sets import measured_set_rows, set_rows
from pipeline.evaluation.metrics.answers import answer_rows
from pipeline.evaluation.metrics.attribute_effects import ReplacedAttributes, attribute_effect_rows
from pipeline.evaluation.metrics.attribute_localisation import attribute_localisation_rows
from pipeline.evaluation.metrics.both_sides import both_sides_rows
from pipeline.evaluation.metrics.faithfulness import GeneratorMode, faithfulness_rows
from pipeline.evaluation.metrics.localisation import PARTS_TABLE, REGIONS, localisation_rows
from pipeline.evaluation.metrics.map_protocols import map_part_rows, map_protocol_rows, target_sensitivity_rows
from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.recognition import recognition_rows
from pipeline.evaluation.metrics.removal import ExplainedPairs, removal_rows
from pipeline.evaluation.metrics.rows import clustered_by, completed
from pipeline.evaluation.metrics.whole_edits import AnsweredPairs, whole_edit_rows
from pipeline.explanation.variants import all_variants

# Stages that make figures of their own, by the setting that says that they are there; in the table in this order.
OTHERS_FIGURES = {
    "audited": "audit",
    "recolouring": "recolour_audit",
    "compatibility": "compatibility",
    "retrieval": "retrieval.test",
}


def run(inputs: JobInputs) -> JobResult:
    """Return the table `metrics`."""
    settings, upstream = inputs.settings, inputs.upstream
    resampling = Resampling(int(settings["seed"]), int(settings["bootstrap_samples"]))
    frame = read_pair_frame(upstream, "test")
    unit: str = settings["shared_unit"]
    both_directions = bool(settings.get("both_directions", False))
    pairs = MeasuredPairs(frame.pair_ids, read_pair_clusters(upstream, frame, unit, both_directions), resampling)
    image_unit, clusters_n = read_image_clusters(upstream, frame, unit)
    models = settings.get("attribute_models", ())
    logits = {model: read_attribute_logits(upstream, model, "test") for model in models}
    pair_rows = _pair_rows(inputs, frame, pairs)
    rows = [
        *clustered_by(unit, pair_rows),
        *clustered_by(image_unit, recognition_rows(logits, frame.labels_na, clusters_n, resampling)),
    ]
    for name, stage in OTHERS_FIGURES.items():
        if settings.get(name):
            rows += upstream.rows(stage, "metrics")
    if "colour_prefixes" in settings:
        rows += clustered_by(unit, _edit_rows(upstream, frame, pairs, settings, rows))
    shared = {
        "dataset": settings["dataset"],
        "similarity_model": settings["similarity_model"],
        "seed": resampling.seed,
        "fingerprint": inputs.task.upstream.get("explanations"),
    }
    # Rows of other stages come as full rows whose shared columns are still empty.
    filled = [completed({name: value for name, value in row.items() if value is not None}, shared) for row in rows]
    return JobResult({"metrics": inputs.table("metrics", filled)}, {"figures": len(filled)})


def _pair_rows(inputs: JobInputs, frame: PairFrame, pairs: MeasuredPairs) -> list[dict[str, Any]]:
    """Return the figures of pairs that are made here, all clustered alike."""
    settings, upstream = inputs.settings, inputs.upstream
    shown: list[GeneratorMode] = [(generator, mode) for generator, mode in settings["generator_modes"]]
    generator, mode = settings["supervision"]
    measured = map_columns(upstream, "faithfulness", shown) if settings.get("curves", True) else {}
    rows = [
        *faithfulness_rows(pairs, measured, (generator, mode)),
        *(_attribute_rows(upstream, frame, pairs, settings) if settings.get("has_attributes", True) else []),
    ]
    if settings.get("map_protocols"):
        rows += _protocol_rows(upstream, pairs, shown, settings["audited"])
    if settings["audited"]:
        rows += localisation_rows(pairs, map_columns(upstream, "map_localisation", shown), eligible_pairs(upstream))
        rows += measured_set_rows(pairs, read_measured_sets(upstream, pairs))
    if settings.get("parts"):
        found = map_columns(upstream, PARTS_TABLE, shown)
        rows += localisation_rows(pairs, found, pairs.pair_ids, PARTS_TABLE, REGIONS[:1])
    if settings.get("attribute_maps"):
        localisation = _columns(upstream, "attribute_maps.test", "attribute_localisation")
        rows += attribute_localisation_rows(pairs, localisation)
    if settings.get("both_sides"):
        stage = "correspondence_localisation.test"
        located = upstream.rows(stage, "correspondence_localisation")
        rows += both_sides_rows(pairs, located, _columns(upstream, stage, "correspondence_causes"))
    return rows


def _attribute_rows(
    upstream: Upstream, frame: PairFrame, pairs: MeasuredPairs, settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the figures of explanations by attributes."""
    return [
        *_explanation_rows(upstream, frame, pairs, settings["variants"]),
        *_answer_rows(upstream, frame, pairs, settings["may_answer"]),
        *group_rows(pairs, *read_answer_groups(upstream, pairs)),
        *set_rows(pairs, read_set_sizes(upstream, pairs)),
    ]


def _protocol_rows(
    upstream: Upstream, pairs: MeasuredPairs, shown: list[GeneratorMode], is_audited: bool
) -> list[dict[str, Any]]:
    rows = map_protocol_rows(pairs, map_columns(upstream, "map_protocols", shown))
    if is_audited:
        rows += map_part_rows(pairs, map_columns(upstream, "map_parts", shown), eligible_pairs(upstream))
        switched = {key: _switched_pairs(upstream, key) for key in shown}
        rows += target_sensitivity_rows(pairs, switched)
    return rows


def _switched_pairs(upstream: Upstream, key: GeneratorMode) -> Columns:
    stage = f"map_parts.{key[0]}.{key[1]}"
    others = upstream.table(stage, "target_sensitivity")["other_pair_id"].to_pylist()
    return {**_columns(upstream, stage, "target_sensitivity"), "other_pair_id": others}


def map_columns(upstream: Upstream, stage: str, shown: list[GeneratorMode]) -> dict[GeneratorMode, Columns]:
    """Return the columns of the table that a stage has of each generator and mode; null becomes NaN."""
    return {(generator, mode): _columns(upstream, f"{stage}.{generator}.{mode}", stage) for generator, mode in shown}


def eligible_pairs(upstream: Upstream) -> list[str]:
    """Return the ids of the pairs that the audit counts, which are the same for all variants."""
    return sorted({row["pair_id"] for row in upstream.rows("audit", "audit_outcomes") if row["eligible"]})


def _columns(upstream: Upstream, stage: str, part: str) -> dict[str, list[str] | np.ndarray]:
    table = upstream.table(stage, part)
    columns: dict[str, list[str] | np.ndarray] = {"pair_id": table["pair_id"].to_pylist()}
    for field in table.schema:
        if pa.types.is_floating(field.type) or pa.types.is_boolean(field.type):
            columns[field.name] = table[field.name].to_numpy()
    return columns


def _answer_rows(
    upstream: Upstream, frame: PairFrame, pairs: MeasuredPairs, variants: list[str]
) -> list[dict[str, Any]]:
    named = dict(zip(variants, upstream.arrays("answers", "named", "named"), strict=True))
    drops_pa = -read_replacement_effects(upstream, "test", "matched", frame)
    return answer_rows(pairs, upstream.arrays("answers", "named", "answered"), named, drops_pa, frame.present_pa)


def _edit_rows(
    upstream: Upstream, frame: PairFrame, pairs: MeasuredPairs, settings: Mapping[str, Any], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the figures of whole edits, against the floor that an audit among the rows has measured."""
    floor = next((row["value"] for row in rows if row["metric"] == "effect_floor"), None)
    is_colour_a = np.array([name.startswith(tuple(settings["colour_prefixes"])) for name in frame.attribute_names])
    answered_p = upstream.arrays("answers", "named", "answered")
    answered = AnsweredPairs(pairs, frame.queries, answered_p, is_colour_a)
    effects = upstream.rows("edit_effects.test", "edit_effects")
    return whole_edit_rows(answered, list(effects), float("nan") if floor is None else floor)


def _explanation_rows(
    upstream: Upstream, frame: PairFrame, pairs: MeasuredPairs, variants: list[str]
) -> list[dict[str, Any]]:
    removal_pa, deletion_pa, insertion_pa, matched_pa = (
        read_replacement_effects(upstream, "test", kind, frame) for kind in KINDS
    )
    replaced = ReplacedAttributes(
        pairs,
        frame.labels_na,
        read_query_has(upstream, "test", frame),
        deletion_pa,
        insertion_pa,
        matched_pa,
        read_replacement_distances(upstream, "test", "deletion", frame),
        read_matched_halves(upstream, "test", frame),
    )
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    scores = dict(zip(all_variants(variants), scores_vpa, strict=True))
    explained = ExplainedPairs(pairs, frame.query_p, frame.labels_na, removal_pa)
    return [*removal_rows(explained, scores), *attribute_effect_rows(replaced, scores)]
