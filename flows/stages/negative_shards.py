"""What maps that contrast with negatives depend on besides: the negatives' own embeddings, pair by pair."""

from collections import defaultdict
from typing import Any

from flows.engine.upstream import Upstream
from stores.fingerprints import fingerprint

NEGATIVES = "negatives.test"

Group = tuple[str, dict[str, Any], dict[str, Any]]


def with_negatives(upstream: Upstream, groups: list[Group]) -> list[Group]:
    """Return the groups of queries with each pair's negatives among their inputs and work."""
    negatives_of: dict[str, list[str]] = defaultdict(list)
    # Rows come pair by pair, nearest first.
    for row in upstream.rows(NEGATIVES, "negatives"):
        negatives_of[row["pair_id"]].append(row["image_id"])
    table = upstream.table("embeddings", "image_embeddings", "test")
    digests = dict(zip(table["image_id"].to_pylist(), table["embedding_sha256"].to_pylist(), strict=True))
    shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
    found = []
    for label, inputs, work in groups:
        chosen = {pair["pair_id"]: negatives_of[pair["pair_id"]] for pair in work["pairs"]}
        named = [image for images in chosen.values() for image in images]
        negatives = fingerprint([digests[image] for image in named])
        embedding_shards = {**work["embedding_shards"], **{image: shards[image] for image in named}}
        work = {**work, "negatives": chosen, "embedding_shards": embedding_shards}
        found.append((label, {**inputs, "negatives": negatives}, work))
    return found
