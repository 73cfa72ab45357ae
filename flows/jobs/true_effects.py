"""True causal effects of a group of planted queries: each is rendered again with one attribute changed."""

from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.image_lookup import EmbeddingLookup
from flows.readers.scorer import load_scorer
from pipeline.datasets.planted.drivers import driver_attributes
from pipeline.datasets.planted.edits import measuring_edits, null_background_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec, planted_spec
from pipeline.evaluation.audit.outcomes import effects_as_angles
from pipeline.similarity.scorer import SimilarityScorer
from stores.parts import Part


def run(inputs: JobInputs) -> JobResult:
    """Return `true_effects` (a row per pair and possible attribute) and `null_effects` (the noise floor)."""
    settings = inputs.settings
    spec = planted_spec(settings["dataset"])
    scorer = load_scorer(inputs)
    vocabulary = inputs.upstream.table("vocabulary", "vocabulary")
    groups = dict(zip(vocabulary["attribute"].to_pylist(), vocabulary["group"].to_pylist(), strict=True))
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    rows, null_rows, passes = [], [], 0
    for query, grouped in groupby(inputs.work["pairs"], key=lambda pair: pair["query"]):
        pairs = list(grouped)
        references = embeddings.of([pair["reference"] for pair in pairs])
        effects, nulls, used = _effects_of_query(spec, scorer, query, references, list(groups))
        passes += used
        for slot, pair in enumerate(pairs):
            known = {"pair_id": pair["pair_id"], "split": settings["split"]}
            # What the items have, whatever they are labelled with.
            of_reference = sample_item(spec, pair["reference"]).attributes
            rows += [
                {
                    **known,
                    **row,
                    "group": groups[row["attribute"]],
                    "effect": effect[slot],
                    "effect_angle": angle[slot],
                    "in_reference": row["attribute"] in of_reference,
                }
                for row, effect, angle in effects
            ]
            null_rows += [{"pair_id": pair["pair_id"], "effect": float(effect)} for effect in nulls[:, slot]]
    parts: dict[str, Part] = {
        "true_effects": inputs.table("true_effects", rows),
        "null_effects": inputs.table("null_effects", null_rows),
    }
    return JobResult(parts, {"pairs": len(inputs.work["pairs"]), "forward_passes": passes})


def _effects_of_query(
    spec: PlantedSpec, scorer: SimilarityScorer, query: str, references_kd: np.ndarray, attributes: list[str]
) -> tuple[list[tuple[dict[str, Any], list[float], list[float]]], np.ndarray, int]:
    """Return rows with effects and angles per reference, null effects (null edit, reference), passes used."""
    item = sample_item(spec, query)
    original = render_item(spec, query)
    images: list[np.ndarray] = [original]
    spans: list[tuple[str, bool, int, int]] = []
    nulls: list[np.ndarray] = []
    for attribute, present, edits in measuring_edits(item, attributes):
        edited = [render_with_edit(spec, query, edit) for edit in edits]
        spans.append((attribute, present, len(images), len(images) + len(edited)))
        images += edited
        if present:
            changed = np.mean([(image != original).any(axis=2).sum() for image in edited])
            nulls.append(null_background_edits(spec, query, round(float(changed)), len(nulls)))
    scores_nk = scorer.embed(np.stack([*images, *nulls])).astype(np.float64) @ references_kd.T.astype(np.float64)
    drivers = driver_attributes(spec.drivers)
    rows = []
    for attribute, present, start, stop in spans:
        row = {"attribute": attribute, "present": present, "is_driver": attribute in drivers}
        drops_k = scores_nk[0] - scores_nk[start:stop].mean(axis=0)
        angles_k = effects_as_angles(np.broadcast_to(scores_nk[0], scores_nk[start:stop].shape), scores_nk[start:stop])
        rows.append((row, drops_k.tolist(), angles_k.mean(axis=0).tolist()))
    return rows, scores_nk[0] - scores_nk[len(images) :], len(images) + len(nulls)
