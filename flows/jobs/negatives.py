"""Negatives of test pairs: the images that a generator contrasts a match with."""

from collections.abc import Callable

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import stage_masks
from flows.readers.outfits import read_outfits
from flows.readers.pair_frame import read_embeddings
from pipeline.pairs.sampling import matching_images
from pipeline.similarity.negatives import FEWEST, Pool, nearest_negatives


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `negatives`: the nearest images of another class for each pair of the split."""
    upstream, split = inputs.upstream, inputs.settings["split"]
    count = inputs.settings.get("count", FEWEST)
    images = upstream.table("images", "images", split)
    image_ids: list[str] = images["image_id"].to_pylist()
    row = {image_id: position for position, image_id in enumerate(image_ids)}
    pairs = upstream.rows(f"pairs.{split}", "pairs")
    masks = stage_masks(inputs)
    pool = Pool(
        image_ids,
        read_embeddings(upstream, split),
        _codes(images["pixels_sha256"].to_pylist()),
        _matches(inputs),
        _codes(images["label"].to_pylist()) if inputs.settings["has_outfits"] else None,
    )
    found = nearest_negatives(
        pool,
        np.array([row[pair["query"]] for pair in pairs]),
        np.array([row[pair["reference"]] for pair in pairs]),
        count,
        None if masks is None else masks.of([pair["condition"] for pair in pairs]),
    )
    rows = [
        {
            "pair_id": pair["pair_id"],
            "query": pair["query"],
            "rank": rank + 1,
            "image_id": image_ids[found.image_pm[number, rank]],
            "similarity": float(found.similarity_pm[number, rank]),
        }
        for number, pair in enumerate(pairs)
        for rank in range(count)
    ]
    part = inputs.table("negatives", rows)
    return JobResult({"negatives": part}, {"pairs": len(pairs), "images": len(image_ids)})


def _codes(names: list[str]) -> np.ndarray:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _matches(inputs: JobInputs) -> Callable[[int], np.ndarray]:
    """Return what gives, for the position of a query, bool (image): of its class, or worn with it in any outfit."""
    split = inputs.settings["split"]
    if not inputs.settings["has_outfits"]:
        rows = inputs.upstream.rows("images", "images", split)
        return matching_images(rows, inputs.settings["match_threshold"])
    read = read_outfits(inputs.upstream, split)
    outfits_of: list[list[np.ndarray]] = [[] for _ in read.image_ids_n]
    for outfit in read.outfits:
        for item in outfit.tolist():
            outfits_of[item].append(outfit)

    def worn_with(query: int) -> np.ndarray:
        found = np.zeros(len(read.image_ids_n), dtype=np.bool_)
        for outfit in outfits_of[query]:
            found[outfit] = True
        return found

    return worn_with
