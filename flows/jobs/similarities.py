"""The model's score of every pair of one split."""

import numpy as np

from flows.jobs.reading import embeddings_by_id
from flows.shards import JobInputs, JobResult
from stores.parts import TablePart
from stores.tables import table_from_rows


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `similarities`: the cosine of the two embeddings, -1 to 1."""
    split = inputs.settings["split"]
    pairs = inputs.upstream.rows(f"pairs.{split}", "pairs")
    queries = embeddings_by_id(inputs.upstream, split, [pair["query"] for pair in pairs])
    references = embeddings_by_id(inputs.upstream, split, [pair["reference"] for pair in pairs])
    scores = np.einsum("pd,pd->p", queries, references, dtype=np.float64)
    rows = [{"pair_id": pair["pair_id"], "similarity": float(score)} for pair, score in zip(pairs, scores, strict=True)]
    return JobResult(
        {"similarities": TablePart("similarities", table_from_rows("similarities", rows))},
        {"pairs": len(rows)},
    )
