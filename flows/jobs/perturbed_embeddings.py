"""Embeddings of a group of queries under all their perturbations, kept for the maps of every reference and mode."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.image_lookup import PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.saliency.build import query_fill, query_masks
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from stores.parts import ArraysPart, Part


def run(inputs: JobInputs) -> JobResult:
    """Return general embeddings (query, perturbation, dimension), float16 and unit norm, and a row per query."""
    settings = inputs.settings
    scorer = load_scorer(inputs)
    masks = query_masks(settings["generator"], settings["spec"], settings["seed"], settings["image_size_px"])
    fill = query_fill(settings["generator"], settings["spec"])
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    queries = list(inputs.work["queries"])
    # Half precision, because they are many; their error in a map is far below that of its masks' draws.
    embeddings_qnd = np.stack(
        [
            embed_perturbations(scorer, images.of(query), masks, fill).cpu().numpy().astype(np.float16)
            for query in queries
        ]
    )
    rows = [{"query": query, "row": row} for row, query in enumerate(queries)]
    axes = {"embeddings": ("query", "perturbation", "dimension")}
    parts: dict[str, Part] = {
        "embeddings": ArraysPart({"embeddings": embeddings_qnd}, axes),
        "queries": inputs.table("perturbed_queries", rows),
    }
    return JobResult(parts, {"images": len(queries), "forward_passes": len(queries) * len(masks)})
