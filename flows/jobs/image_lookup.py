"""Pixels and embeddings of single images by image id; only the shards that hold them are read. Needs no torch."""

from collections.abc import Mapping, Sequence

import numpy as np

from flows.upstream import Upstream


class PixelLookup:
    """Pixels of single images; the shard read last is kept.

    Args:
        upstream: must hold the stage `images`.
        shards: the key of the image shard that holds each image, by image id.
    """

    def __init__(self, upstream: Upstream, shards: Mapping[str, str]) -> None:
        self._upstream = upstream
        self._shards = shards
        self._last: tuple[str, dict[str, int], np.ndarray] | None = None

    def of(self, image_id: str) -> np.ndarray:
        """Return uint8 (y, x, 3)."""
        key = self._shards[image_id]
        if self._last is None or self._last[0] != key:
            self._last = (key, *_rows_and_array(self._upstream, "images", "images", "pixels", key))
        _, rows, pixels_nhwc = self._last
        pixels_hwc: np.ndarray = pixels_nhwc[rows[image_id]]
        return pixels_hwc


class EmbeddingLookup:
    """Embeddings of single images; all shards read are kept, as they are small.

    Args:
        upstream: must hold the stage `embeddings`.
        shards: the key of the shard that holds each image's embedding, by image id.
    """

    def __init__(self, upstream: Upstream, shards: Mapping[str, str]) -> None:
        self._upstream = upstream
        self._shards = shards
        self._read: dict[str, tuple[dict[str, int], np.ndarray]] = {}

    def of(self, image_ids: Sequence[str]) -> np.ndarray:
        """Return float32 unit-norm (image, D), in the order of the ids."""
        found = []
        for image_id in image_ids:
            key = self._shards[image_id]
            if key not in self._read:
                part = ("embeddings", "image_embeddings", "embeddings", key)
                self._read[key] = _rows_and_array(self._upstream, *part)
            rows, embeddings_nd = self._read[key]
            found.append(embeddings_nd[rows[image_id]])
        return np.stack(found)


def _rows_and_array(
    upstream: Upstream, stage: str, table_part: str, array: str, shard_key: str
) -> tuple[dict[str, int], np.ndarray]:
    """Return the row of each image of a shard, and the array whose rows they are."""
    commit = upstream.commit_of(stage, shard_key)
    ids = upstream.store.read_part_table(commit, table_part, ["image_id"])["image_id"].to_pylist()
    return {image_id: row for row, image_id in enumerate(ids)}, upstream.store.read_part_arrays(commit, array)[array]
