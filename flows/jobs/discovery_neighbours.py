"""The images nearest to each query of discovery, by the explained model's general embedding."""

from hashlib import sha256

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from pipeline.discovery.neighbours import nearest_images


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `discovery_neighbours`, query by query, the most alike first."""
    settings, upstream = inputs.settings, inputs.upstream
    split = settings["split"]
    images = upstream.table("images", "images", split)
    ids: list[str] = images["image_id"].to_pylist()
    queries = _chosen(ids, settings["queries"], settings.get("seed"))
    group_n = np.unique(np.array(images["pixels_sha256"].to_pylist()), return_inverse=True)[1].astype(np.int64)
    embeddings_nd = upstream.arrays("embeddings", "embeddings", "embeddings", split)
    # Ties go to the earlier image: in the order of ids, which no other image moves.
    order = np.argsort(np.array(ids), kind="stable")
    place = {image: position for position, image in enumerate(order)}
    query_q = np.array([place[row] for row in queries], dtype=np.int64)
    found = nearest_images(embeddings_nd[order], query_q, group_n[order], settings["neighbours"])
    rows = [
        {
            "split": split,
            "query": ids[query],
            "reference": ids[order[image]],
            "place": number,
            "similarity": float(score),
        }
        for query, images_k, scores_k in zip(queries, found.image_qk, found.similarity_qk, strict=True)
        for number, (image, score) in enumerate(zip(images_k, scores_k, strict=True), start=1)
        if image >= 0
    ]
    return JobResult({"neighbours": inputs.table("discovery_neighbours", rows)}, {"queries": len(queries)})


def _chosen(ids: list[str], most: int | None, seed: int | None) -> list[int]:
    """Return the rows of the queries in the order of their ids: all, or those of the smallest hashes."""
    rows = sorted(range(len(ids)), key=lambda row: ids[row])
    if most is None or most >= len(ids):
        return rows
    chosen = set(
        sorted(rows, key=lambda row: sha256(f"{seed}\x1f{ids[row]}".encode("utf-8", "surrogatepass")).digest())[:most]
    )
    return [row for row in rows if row in chosen]
