"""The model's score of every pair of one split."""

import numpy as np

from flows.shards import JobInputs, JobResult
from stores.parts import TablePart
from stores.tables import table_from_rows


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `similarities`: the cosine of the two embeddings, -1 to 1."""
    split = inputs.settings["split"]
    pairs = inputs.upstream.rows(f"pairs.{split}", "pairs")
    ids = inputs.upstream.table("embeddings", "image_embeddings", split)["image_id"].to_pylist()
    row = {image_id: position for position, image_id in enumerate(ids)}
    embeddings_nd = inputs.upstream.arrays("embeddings", "embeddings", "embeddings", split)
    queries_pd = embeddings_nd[[row[pair["query"]] for pair in pairs]]
    references_pd = embeddings_nd[[row[pair["reference"]] for pair in pairs]]
    scores = np.einsum("pd,pd->p", queries_pd, references_pd, dtype=np.float64)
    rows = [{"pair_id": pair["pair_id"], "similarity": float(score)} for pair, score in zip(pairs, scores, strict=True)]
    return JobResult(
        {"similarities": TablePart("similarities", table_from_rows("similarities", rows))},
        {"pairs": len(rows)},
    )
