"""Embeddings of perturbed queries that a stage keeps, by query."""

import numpy as np

from flows.engine.upstream import Upstream
from stores.manifests import Commit


def read_kept_embeddings(upstream: Upstream, commit: Commit) -> dict[str, np.ndarray]:
    """Return float16 (perturbation, D) of each query of a shard; their norms lost a little when they were rounded."""
    queries = upstream.store.read_part_table(commit, "queries", ["query"])["query"].to_pylist()
    embeddings_qnd = upstream.store.read_part_arrays(commit, "embeddings", ["embeddings"])["embeddings"]
    return dict(zip(queries, embeddings_qnd, strict=True))
