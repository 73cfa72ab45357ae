"""The model's score of every pair of one split."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import stage_masks
from pipeline.similarity.conditions import project


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `similarities`: the cosine of the two embeddings, under the pair's condition, -1 to 1."""
    split = inputs.settings["split"]
    pairs = inputs.upstream.rows(f"pairs.{split}", "pairs")
    ids = inputs.upstream.table("embeddings", "image_embeddings", split)["image_id"].to_pylist()
    row = {image_id: position for position, image_id in enumerate(ids)}
    embeddings_nd = inputs.upstream.arrays("embeddings", "embeddings", "embeddings", split)
    queries_pd = embeddings_nd[[row[pair["query"]] for pair in pairs]]
    references_pd = embeddings_nd[[row[pair["reference"]] for pair in pairs]]
    counts, masks = {"pairs": len(pairs)}, stage_masks(inputs)
    if masks is not None:
        conditions = [pair["condition"] for pair in pairs]
        masks_pd = masks.of(conditions)
        queries_pd, references_pd = project(queries_pd, masks_pd), project(references_pd, masks_pd)
        counts["pairs_without_mask"] = masks.unseen(conditions)
    scores = np.einsum("pd,pd->p", queries_pd, references_pd, dtype=np.float64)
    rows = [{"pair_id": pair["pair_id"], "similarity": float(score)} for pair, score in zip(pairs, scores, strict=True)]
    return JobResult(
        {"similarities": inputs.table("similarities", rows)},
        counts,
    )
