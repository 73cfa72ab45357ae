"""Insertion and deletion curves of a group of queries."""

import math
from itertools import groupby

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_references, stage_masks
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.evaluation.curves import CURVE_STEPS, CurvePair
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.evaluation.reference_dependence import map_changes


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `faithfulness` per pair."""
    settings = inputs.settings
    store = inputs.upstream.store
    scorer = load_scorer(inputs)
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    commit = inputs.upstream.commit_of(settings["maps"], inputs.work["maps_shard"])
    maps_qkyx = store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    rows, passes = [], 0
    groups = [list(pairs) for _, pairs in groupby(inputs.work["pairs"], key=lambda pair: pair["query"])]
    # Where all of a shard of maps is measured, its queries lie in the order of their pairs.
    positions = inputs.work.get("positions", range(len(groups)))
    for number, pairs in zip(positions, groups, strict=True):
        query = pairs[0]["query"]
        references_kd, masks_kd = read_references(embeddings, pairs, masks)
        maps_kyx = maps_qkyx[number, : len(pairs)]
        found = faithfulness_of_query(
            scorer,
            images.of(query),
            maps_kyx,
            references_kd,
            settings["canvas"],
            (int(settings["seed"]), query),
            int(settings.get("curve_steps", CURVE_STEPS)),
            masks_kd,
        )
        passes += found.forward_passes
        rows += [
            {
                "pair_id": pair["pair_id"],
                "generator": settings["generator"],
                "mode": settings["mode"],
                **_measures(curve),
                "map_change": None if math.isnan(change) else change,
            }
            for pair, curve, change in zip(pairs, found.curves, map_changes(maps_kyx).tolist(), strict=True)
        ]
    counts = {"images": len(groups), "pairs": len(rows), "forward_passes": passes}
    return JobResult({"faithfulness": inputs.table("faithfulness", rows)}, counts)


def _measures(curve: CurvePair) -> dict[str, object]:
    return {
        "insertion_auc": curve.insertion_auc,
        "deletion_auc": curve.deletion_auc,
        "insertion_auc_anchored": curve.insertion_auc_anchored,
        "deletion_auc_anchored": curve.deletion_auc_anchored,
        "insertion_curve": curve.insertion_curve.tolist(),
        "deletion_curve": curve.deletion_curve.tolist(),
        "insertion_is_flat": curve.insertion_is_flat,
        "deletion_is_flat": curve.deletion_is_flat,
        "is_constant": curve.is_constant,
    }
