"""Pixels and embeddings of single images by image id; only the shards that hold them are read. Needs no torch."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from flows.engine.upstream import Upstream

# Some twenty shards of images of 112 px.
PIXEL_BYTES_KEPT = 64 * 2**20


class PixelLookup:
    """Pixels of single images; the shards used last are kept, as many as fit into a number of bytes, at least one.

    Args:
        upstream: must hold the stage `images`.
        shards: the key of the image shard that holds each image, by image id.
        bytes_kept: most bytes of pixels kept, but for a single shard that is larger.
    """

    def __init__(self, upstream: Upstream, shards: Mapping[str, str], bytes_kept: int = PIXEL_BYTES_KEPT) -> None:
        self._upstream = upstream
        self._shards = shards
        self._bytes_kept = bytes_kept
        # The one used longest ago comes first.
        self._read: OrderedDict[str, tuple[dict[str, int], np.ndarray]] = OrderedDict()

    def of(self, image_id: str) -> np.ndarray:
        """Return uint8 (y, x, 3)."""
        key = self._shards[image_id]
        if key not in self._read:
            self._read[key] = _rows_and_array(self._upstream, "images", "images", "pixels", key)
        self._read.move_to_end(key)
        while len(self._read) > 1 and sum(pixels.nbytes for _, pixels in self._read.values()) > self._bytes_kept:
            self._read.popitem(last=False)
        rows, pixels_nhwc = self._read[key]
        # A view would hold the whole shard for as long as the caller holds the image.
        pixels_hwc: np.ndarray = pixels_nhwc[rows[image_id]].copy()
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
