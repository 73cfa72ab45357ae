"""Saliency maps of a group of queries against all their references."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.saliency_requests import read_requests
from flows.readers.scorer import load_scorer
from pipeline.area_pooling import pool_to_cells
from pipeline.saliency.build import build_generator
from pipeline.saliency.contract import SaliencyMaps
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
    results = generator(read_requests(inputs, groups))
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
