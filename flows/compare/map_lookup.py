"""Maps of single pairs by pair id; only the shards that hold them are read, and the last few are kept."""

from collections import OrderedDict

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.saliency_maps import maps_stage

_SHARDS_KEPT = 4


class MapLookup:
    """Maps of one generator and mode.

    Args:
        upstream: must hold the stage of these maps.
        generator: of the maps.
        mode: of the maps.
    """

    def __init__(self, upstream: Upstream, generator: str, mode: str) -> None:
        self._upstream, self._stage = upstream, maps_stage(generator, mode)
        rows = upstream.table(self._stage, "map_rows")
        self._rows = dict(zip(rows["pair_id"].to_pylist(), rows["row"].to_pylist(), strict=True))
        self._shards = upstream.shard_of_rows(self._stage, "map_rows", "pair_id")
        self._read: OrderedDict[str, np.ndarray] = OrderedDict()

    def __contains__(self, pair_id: str) -> bool:
        return pair_id in self._rows

    def of(self, pair_id: str) -> np.ndarray:
        """Return the pair's map, float32 (y, x)."""
        key = self._shards[pair_id]
        if key not in self._read:
            commit = self._upstream.commit_of(self._stage, key)
            self._read[key] = self._upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"]
        self._read.move_to_end(key)
        while len(self._read) > _SHARDS_KEPT:
            self._read.popitem(last=False)
        maps_qkyx = self._read[key]
        map_yx: np.ndarray = maps_qkyx.reshape(-1, *maps_qkyx.shape[2:])[self._rows[pair_id]].astype(np.float32)
        return map_yx
