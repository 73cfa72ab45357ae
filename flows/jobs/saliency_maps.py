"""Saliency maps of a group of queries against all their references."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_references, stage_masks
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.scorer import load_scorer
from pipeline.area_pooling import pool_to_cells
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyMaps, SaliencyRequest
from pipeline.saliency.declaration import needs_reference_pixels
from pipeline.similarity.conditions import project
from stores.digests import digest_array
from stores.parts import ArraysPart, Part

Pair = Mapping[str, str]


def run(inputs: JobInputs) -> JobResult:
    """Return maps (query, reference slot, y, x), NaN where a query has fewer references, and a row per pair.

    `map_rows.row` counts slots: it is query * slots + slot.
    """
    settings = inputs.settings
    generator = build_generator(
        settings["generator"],
        settings["mode"],
        settings["spec"],
        settings["seed"],
        load_scorer(inputs),
        settings["image_size_px"],
    )
    groups = [list(pairs) for _, pairs in groupby(inputs.work["pairs"], key=lambda pair: pair["query"])]
    results = generator(_requests(inputs, groups))
    maps_qkyx = _stored_maps(results, settings)
    rows = _map_rows(groups, maps_qkyx)
    parts: dict[str, Part] = {
        "maps": ArraysPart({"maps": maps_qkyx}, {"maps": ("query", "reference_slot", "y", "x")}),
        "map_rows": inputs.table("map_rows", rows),
        "map_notes": inputs.table("map_notes", _note_rows(groups, results, settings)),
    }
    counts = {
        "images": len(groups),
        "pairs": len(rows),
        "forward_passes": sum(maps.forward_passes for maps in results),
        "training_passes": sum(maps.gradient_passes for maps in results),
    }
    return JobResult(parts, counts)


def _requests(inputs: JobInputs, groups: Sequence[Sequence[Pair]]) -> list[SaliencyRequest]:
    images = PixelLookup(inputs.upstream, inputs.work["image_shards"])
    embeddings = EmbeddingLookup(inputs.upstream, inputs.work["embedding_shards"])
    masks = stage_masks(inputs)
    kept = _kept_embeddings(inputs)
    shows_references = needs_reference_pixels(inputs.settings["mode"])
    requests = []
    for pairs in groups:
        query = pairs[0]["query"]
        references_kd, masks_kd = read_references(embeddings, pairs, masks)
        names = tuple(pair["reference"] for pair in pairs)
        pixels_khwc = np.stack([images.of(name) for name in names]) if shows_references else None
        negatives_kmd = _negatives(inputs, embeddings, pairs, masks_kd)
        request = SaliencyRequest(query, images.of(query), references_kd, masks_kd, names, pixels_khwc, negatives_kmd)
        requests.append(request if kept is None else replace(request, perturbed_embeddings_nd=kept[query]))
    return requests


def _negatives(
    inputs: JobInputs, embeddings: EmbeddingLookup, pairs: Sequence[Pair], masks_kd: np.ndarray | None
) -> np.ndarray | None:
    """Return embeddings of each pair's negatives (reference, negative, D), under its condition; None without any."""
    chosen = inputs.work.get("negatives")
    if chosen is None:
        return None
    found = []
    for slot, pair in enumerate(pairs):
        negatives_md = embeddings.of(chosen[pair["pair_id"]])
        found.append(negatives_md if masks_kd is None else project(negatives_md, masks_kd[slot]))
    return np.stack(found)


def _kept_embeddings(inputs: JobInputs) -> dict[str, np.ndarray] | None:
    """Return float16 (perturbation, D) of each query, None where they are not kept."""
    stage = inputs.settings.get("perturbed")
    if stage is None:
        return None
    store, commit = inputs.upstream.store, inputs.upstream.commit_of(stage, inputs.work["perturbed_shard"])
    queries = store.read_part_table(commit, "queries", ["query"])["query"].to_pylist()
    embeddings_qnd = store.read_part_arrays(commit, "embeddings", ["embeddings"])["embeddings"]
    return dict(zip(queries, embeddings_qnd, strict=True))


def _stored_maps(results: Sequence[SaliencyMaps], settings: Mapping[str, Any]) -> np.ndarray:
    slots, side = max(len(maps.display_khw) for maps in results), settings["map_size_px"]
    maps_qkyx = np.full((len(results), slots, side, side), np.nan, dtype=settings["map_dtype"])
    for number, maps in enumerate(results):
        maps_khw = maps.display_khw
        maps_qkyx[number, : len(maps_khw)] = (
            maps_khw if side == settings["image_size_px"] else pool_to_cells(maps_khw, side)
        )
    return maps_qkyx


def _map_rows(groups: Sequence[Sequence[Pair]], maps_qkyx: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for number, pairs in enumerate(groups):
        for slot, pair in enumerate(pairs):
            named = {name: pair[name] for name in ("pair_id", "query", "reference")}
            digest = digest_array(maps_qkyx[number, slot])
            rows.append({**named, "row": number * maps_qkyx.shape[1] + slot, "map_sha256": digest})
    return rows


def _note_rows(
    groups: Sequence[Sequence[Pair]], results: Sequence[SaliencyMaps], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    made = {"generator": settings["generator"], "mode": settings["mode"]}
    return [
        {"pair_id": pair["pair_id"], **made, "note": note, "value": float(values_k[slot])}
        for pairs, maps in zip(groups, results, strict=True)
        for slot, pair in enumerate(pairs)
        for note, values_k in maps.notes.items()
    ]
