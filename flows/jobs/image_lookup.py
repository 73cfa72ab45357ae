"""Pixels of single images by image id; needs no torch."""

import numpy as np

from flows.upstream import Upstream


class ImageLookup:
    """Pixels of single images, read a shard at a time.

    Args:
        upstream: must hold the `images` stage.
        split: the split looked into.
    """

    def __init__(self, upstream: Upstream, split: str) -> None:
        self._upstream = upstream
        self._place: dict[str, tuple[int, int]] = {}
        self._commits = upstream.commits("images", split)
        for number, commit in enumerate(self._commits):
            for row, image_id in enumerate(upstream.store.read_part_table(commit, "images")["image_id"].to_pylist()):
                self._place[image_id] = (number, row)
        self._shard: tuple[int, np.ndarray] | None = None

    def pixels(self, image_id: str) -> np.ndarray:
        """Return uint8 (y, x, 3)."""
        number, row = self._place[image_id]
        if self._shard is None or self._shard[0] != number:
            arrays = self._upstream.store.read_part_arrays(self._commits[number], "pixels", ["pixels"])
            self._shard = (number, arrays["pixels"])
        pixels_hwc: np.ndarray = self._shard[1][row]
        return pixels_hwc
