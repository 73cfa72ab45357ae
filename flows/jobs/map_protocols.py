"""Maps of a group of queries judged by protocols that need no truth."""

import math
from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.saliency_requests import read_requests
from flows.readers.scorer import load_scorer
from pipeline.evaluation.map_protocols.judged_query import JudgedQuery, MapJudgement, judge_query
from pipeline.evaluation.map_protocols.max_sensitivity import QuerySensitivity, sensitivity_of_query
from pipeline.evaluation.map_protocols.protocol import Noise, Protocol
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyGenerator, SaliencyRequest


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `map_protocols` per pair; sensitivity of the pairs of the queries that work names."""
    settings, work = inputs.settings, inputs.work
    scorer = load_scorer(inputs)
    groups = [list(pairs) for _, pairs in groupby(work["pairs"], key=lambda pair: pair["query"])]
    commit = inputs.upstream.commit_of(settings["maps"], work["maps_shard"])
    maps_qkyx = inputs.upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    # Where all of a shard of maps is judged, its queries lie in the order of their pairs.
    positions = work.get("positions", range(len(groups)))
    protocol = Protocol(int(settings["seed"]), settings["canvas"])
    generator = _generator(inputs) if work["noisy_queries"] else None
    rows, forward, gradient = [], 0, 0
    for position, pairs, request in zip(positions, groups, read_requests(inputs, groups), strict=True):
        maps_kyx = maps_qkyx[position, : len(pairs)].astype(np.float32)
        judgements, passes = judge_query(scorer, _judged(request, maps_kyx), protocol)
        forward += passes
        sensitivity_k = np.full(len(pairs), np.nan)
        if generator is not None and request.query_id in work["noisy_queries"]:
            found = _sensitivity(generator, request, maps_kyx, protocol.seed)
            sensitivity_k = found.sensitivity_k
            forward, gradient = forward + found.forward_passes, gradient + found.gradient_passes
        known = {"generator": settings["generator"], "mode": settings["mode"]}
        rows += [
            {"pair_id": pair["pair_id"], **known, **_measures(judgement, float(sensitivity))}
            for pair, judgement, sensitivity in zip(pairs, judgements, sensitivity_k, strict=True)
        ]
    counts = {
        "images": len(groups),
        "pairs": len(rows),
        "forward_passes": forward,
        "training_passes": gradient,
    }
    return JobResult({"map_protocols": inputs.table("map_protocols", rows)}, counts)


def _generator(inputs: JobInputs) -> SaliencyGenerator:
    settings = inputs.settings
    return build_generator(
        settings["generator"],
        settings["mode"],
        settings["spec"],
        settings["seed"],
        load_scorer(inputs),
        settings["image_size_px"],
    )


def _judged(request: SaliencyRequest, maps_kyx: np.ndarray) -> JudgedQuery:
    return JudgedQuery(
        request.query_id, request.pixels_hwc, maps_kyx, request.reference_embeddings_kd, request.condition_masks_kd
    )


def _sensitivity(
    generator: SaliencyGenerator, request: SaliencyRequest, maps_kyx: np.ndarray, seed: int
) -> QuerySensitivity:
    return sensitivity_of_query(generator, request, maps_kyx, Noise(seed))


def _measures(judgement: MapJudgement, sensitivity: float) -> dict[str, Any]:
    values = {
        "gini": judgement.gini,
        "faithfulness_correlation": judgement.faithfulness_correlation,
        "deletion_imputed": judgement.deletion.imputed,
        "deletion_blank": judgement.deletion.blank,
        "max_sensitivity": sensitivity,
    }
    return {name: None if math.isnan(value) else value for name, value in values.items()}
