"""Saliency maps and maps of attributes of chosen test pairs, from their stages' shards."""

from collections.abc import Collection, Mapping

import numpy as np

from flows.engine.upstream import Upstream
from stores.manifests import Commit

ATTRIBUTE_MAPS = "attribute_maps.test"
# By query and attribute.
AttributeMaps = Mapping[tuple[str, str], np.ndarray]


def read_maps(upstream: Upstream, generator: str, mode: str, pair_ids: Collection[str]) -> dict[str, np.ndarray]:
    """Return float32 maps (y, x) of test pairs by pair id; a shard's array is read only where it holds one of them."""
    stage = maps_stage(generator, mode)
    if stage not in upstream.manifests:
        return {}
    wanted = set(pair_ids)
    found: dict[str, np.ndarray] = {}
    for commit in upstream.commits(stage):
        maps = maps_of_shard(upstream, commit, wanted)
        found |= {pair_id: map_yx.astype(np.float32) for pair_id, map_yx in maps.items()}
    return found


def maps_of_shard(upstream: Upstream, commit: Commit, wanted: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Return a shard's maps (y, x) as stored, by pair id; its array is read only where it holds one of `wanted`.

    Args:
        upstream: of the shard.
        commit: of maps of test pairs.
        wanted: pair ids; None: all of the shard.
    """
    table = upstream.store.read_part_table(commit, "map_rows", ["pair_id", "row"])
    rows = dict(zip(table["pair_id"].to_pylist(), table["row"].to_pylist(), strict=True))
    chosen = {pair_id: row for pair_id, row in rows.items() if wanted is None or pair_id in wanted}
    if not chosen:
        return {}
    maps_qkyx = upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    flat_nyx = maps_qkyx.reshape(-1, *maps_qkyx.shape[2:])
    return {pair_id: flat_nyx[row] for pair_id, row in chosen.items()}


def read_attribute_maps(
    upstream: Upstream, wanted: Collection[tuple[str, str | None]]
) -> dict[tuple[str, str | None], np.ndarray]:
    """Return float32 maps (y, x) of the attributes that answer, by query and attribute, those that were made."""
    if ATTRIBUTE_MAPS not in upstream.manifests:
        return {}
    stored = stored_attribute_maps(upstream)
    named = [(query, attribute) for query, attribute in wanted if attribute is not None]
    return {key: stored[key].astype(np.float32) for key in named if key in stored}


def stored_attribute_maps(upstream: Upstream) -> AttributeMaps:
    """Return all maps (y, x) of the attributes that answer as stored, float16; the stage must be upstream."""
    maps_nyx = upstream.arrays(ATTRIBUTE_MAPS, "maps", "maps")
    rows = upstream.rows(ATTRIBUTE_MAPS, "attribute_map_rows")
    return {(row["query"], row["attribute"]): maps_nyx[row["row"]] for row in rows}


def maps_stage(generator: str, mode: str) -> str:
    """Return the stage of a generator's test maps."""
    return f"saliency_maps.test.{generator}.{mode}"
