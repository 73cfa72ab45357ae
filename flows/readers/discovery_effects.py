"""Effects of cells that discovery keeps, by image; only the shards that hold them are read."""

from collections.abc import Mapping

import numpy as np

from flows.engine.upstream import Upstream


class DiscoveryEffects:
    """Effects of single images; all shards read are kept while a group of queries is worked on.

    Args:
        upstream: must hold the stage.
        stage: instance that keeps them, of one split.
        shards: the key of the shard that holds each image, by image id.
    """

    def __init__(self, upstream: Upstream, stage: str, shards: Mapping[str, str]) -> None:
        self._upstream, self._stage, self._shards = upstream, stage, shards
        self._read: dict[str, tuple[dict[str, int], np.ndarray]] = {}

    def of(self, image: str) -> np.ndarray:
        """Return float16 (cell, D)."""
        key = self._shards[image]
        if key not in self._read:
            commit = self._upstream.commit_of(self._stage, key)
            ids = self._upstream.store.read_part_table(commit, "effect_rows", ["image_id"])["image_id"].to_pylist()
            effects = self._upstream.store.read_part_arrays(commit, "effects", ["effects"])["effects"]
            self._read[key] = {one: row for row, one in enumerate(ids)}, effects
        rows, effects_nud = self._read[key]
        found: np.ndarray = effects_nud[rows[image]]
        return found
