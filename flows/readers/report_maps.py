"""The saliency maps that the report shows: of the cards' pairs, and of a few pairs under every generator."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.shown_images import ShownImages
from pipeline.report.evidence import GalleryPair
from pipeline.report.gallery import choose_gallery

ATTRIBUTE_MAPS = "attribute_maps.test"


def read_maps(upstream: Upstream, generator: str, mode: str, pair_ids: Collection[str]) -> dict[str, np.ndarray]:
    """Return float32 maps (y, x) of test pairs by pair id; a shard's array is read only where it holds one of them."""
    stage = _stage(generator, mode)
    if stage not in upstream.manifests:
        return {}
    wanted = set(pair_ids)
    found: dict[str, np.ndarray] = {}
    for commit in upstream.commits(stage):
        table = upstream.store.read_part_table(commit, "map_rows", ["pair_id", "row"])
        rows = {
            pair_id: row
            for pair_id, row in zip(table["pair_id"].to_pylist(), table["row"].to_pylist(), strict=True)
            if pair_id in wanted
        }
        if rows:
            maps_qkyx = upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
            flat_nyx = maps_qkyx.reshape(-1, *maps_qkyx.shape[2:])
            found |= {pair_id: flat_nyx[row].astype(np.float32) for pair_id, row in rows.items()}
    return found


def read_attribute_maps(
    upstream: Upstream, wanted: Collection[tuple[str, str | None]]
) -> dict[tuple[str, str | None], np.ndarray]:
    """Return float32 maps (y, x) of the attributes that answer, by query and attribute, those that were made."""
    if ATTRIBUTE_MAPS not in upstream.manifests:
        return {}
    rows = {(row["query"], row["attribute"]): row["row"] for row in upstream.rows(ATTRIBUTE_MAPS, "attribute_map_rows")}
    maps_nyx = upstream.arrays(ATTRIBUTE_MAPS, "maps", "maps")
    return {key: maps_nyx[rows[key]].astype(np.float32) for key in wanted if key in rows}


def gallery_pairs(
    upstream: Upstream,
    generators: Sequence[tuple[str, str]],
    labels: Mapping[str, str],
    similarities: Mapping[str, float],
    images: ShownImages,
    seed: int,
) -> list[GalleryPair]:
    """Return a few test pairs with their maps by every generator and mode; of pairs that all of these have, if any."""
    made = [key for key in generators if _stage(*key) in upstream.manifests]
    if len(made) < 2:
        return []
    pairs = upstream.rows("pairs.test", "pairs")
    covered = [set(upstream.table(_stage(*key), "map_rows")["pair_id"].to_pylist()) for key in made]
    shared = set.intersection(*covered)
    candidates: list[dict[str, Any]] = [pair for pair in pairs if pair["pair_id"] in shared] or pairs
    chosen = choose_gallery(candidates, labels, seed)
    maps = {key: read_maps(upstream, *key, [pair["pair_id"] for pair in chosen]) for key in made}
    return [
        GalleryPair(
            images.of(pair["query"]),
            images.of(pair["reference"]),
            similarities.get(pair["pair_id"]),
            {key: found[pair["pair_id"]] for key, found in maps.items() if pair["pair_id"] in found},
        )
        for pair in chosen
    ]


def _stage(generator: str, mode: str) -> str:
    return f"saliency_maps.test.{generator}.{mode}"
