"""Effects of the cells of single images, by image and condition; only the shards that hold them are read."""

from collections.abc import Sequence

import numpy as np

from flows.engine.upstream import Upstream

STAGE = "cell_effects.test"


class CellEffectLookup:
    """Effects of cells; all shards read are kept while a group of pairs is worked on.

    Args:
        upstream: must hold the stage `cell_effects.test`.
        shards: (image id, condition, shard key) of all that may be asked for.
    """

    def __init__(self, upstream: Upstream, shards: Sequence[Sequence[str]]) -> None:
        self._upstream = upstream
        self._shards = {(image, condition): key for image, condition, key in shards}
        self._read: dict[str, tuple[dict[tuple[str, str], int], np.ndarray]] = {}

    @classmethod
    def of_all(cls, upstream: Upstream) -> "CellEffectLookup":
        """Return a lookup of every image and condition; tables of rows are read, effects when they are asked for."""
        commits = upstream.commits(STAGE)
        tables = [upstream.store.read_part_table(commit, "cell_effect_rows").to_pylist() for commit in commits]
        return cls(
            upstream,
            [
                (row["image_id"], row["condition"], commit.shard_key)
                for commit, rows in zip(commits, tables, strict=True)
                for row in rows
            ],
        )

    def of(self, image_id: str, condition: str) -> np.ndarray:
        """Return float16 (cell, D) of an image under a condition, empty for none."""
        key = self._shards[image_id, condition]
        if key not in self._read:
            self._read[key] = self._shard(key)
        rows, effects_nud = self._read[key]
        found: np.ndarray = effects_nud[rows[image_id, condition]]
        return found

    def _shard(self, shard_key: str) -> tuple[dict[tuple[str, str], int], np.ndarray]:
        commit = self._upstream.commit_of(STAGE, shard_key)
        table = self._upstream.store.read_part_table(commit, "cell_effect_rows", ["image_id", "condition", "row"])
        rows = {(row["image_id"], row["condition"]): row["row"] for row in table.to_pylist()}
        return rows, self._upstream.store.read_part_arrays(commit, "effects")["effects"]
