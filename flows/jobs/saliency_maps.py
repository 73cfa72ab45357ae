"""Saliency maps of a group of queries against all their references."""

from itertools import groupby

import numpy as np

from flows.jobs.conditions import read_references, stage_masks
from flows.jobs.image_lookup import EmbeddingLookup, PixelLookup
from flows.jobs.reading import load_scorer
from flows.shards import JobInputs, JobResult
from pipeline.area_pooling import pool_to_cells
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.methods import build_generator
from pipeline.saliency.rise import RiseSpec
from stores.digests import digest_array
from stores.parts import ArraysPart, Part, TablePart
from stores.tables import table_from_rows


def run(inputs: JobInputs) -> JobResult:
    """Return maps (query, reference slot, y, x), NaN where a query has fewer references, and a row per pair.

    `map_rows.row` counts slots: it is query * slots + slot.
    """
    settings = inputs.settings
    spec = RiseSpec(seed=settings["seed"], **settings["rise"])
    generator = build_generator(settings["generator"], spec, load_scorer(inputs), settings["image_size_px"])
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    groups = [list(pairs) for _, pairs in groupby(inputs.work["pairs"], key=lambda pair: pair["query"])]
    slots, side = max(len(pairs) for pairs in groups), settings["map_size_px"]
    maps_qkyx = np.full((len(groups), slots, side, side), np.nan, dtype=settings["map_dtype"])
    rows = []
    for number, pairs in enumerate(groups):
        query = pairs[0]["query"]
        references = read_references(embeddings, pairs, masks)
        maps_khw = generator(SaliencyRequest(query, images.of(query), *references))
        if side != settings["image_size_px"]:
            maps_khw = pool_to_cells(maps_khw, side)
        maps_qkyx[number, : len(pairs)] = maps_khw
        for slot, pair in enumerate(pairs):
            digest = digest_array(maps_qkyx[number, slot])
            named = {name: pair[name] for name in ("pair_id", "query", "reference")}
            rows.append({**named, "row": number * slots + slot, "map_sha256": digest})
    passes = len(groups) * spec.masks if settings["generator"] == "rise" else 0
    parts: dict[str, Part] = {
        "maps": ArraysPart({"maps": maps_qkyx}, {"maps": ("query", "reference_slot", "y", "x")}),
        "map_rows": TablePart("map_rows", table_from_rows("map_rows", rows)),
    }
    return JobResult(parts, {"images": len(groups), "pairs": len(rows), "forward_passes": passes})
