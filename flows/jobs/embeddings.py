"""Embeddings of all images, one shard for each shard of images."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.scorer import embedding_length, load_scorer
from stores.digests import digest_array
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return float32 unit-norm embeddings (image, D) and a digest for each image."""
    store = inputs.upstream.store
    commit = inputs.upstream.commit_of("images", inputs.work["images_shard"])
    pixels = store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"]
    images = store.read_part_table(commit, "images").to_pylist()
    scorer = load_scorer(inputs)
    embeddings = scorer.embed(pixels) if len(pixels) else np.zeros((0, embedding_length(inputs)), np.float32)
    rows = [
        {"image_id": image["image_id"], "split": image["split"], "embedding_sha256": digest_array(embedding)}
        for image, embedding in zip(images, embeddings, strict=True)
    ]
    parts: dict[str, Part] = {
        "embeddings": ArraysPart({"embeddings": embeddings}, {"embeddings": ("image", "dimension")}),
        "image_embeddings": inputs.table("image_embeddings", rows),
    }
    return JobResult(parts, {"images": len(pixels), "forward_passes": len(pixels)})
