"""Outfits of a split as positions among the images that could be read."""

from dataclasses import dataclass

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.datasets.outfits import outfit_positions


@dataclass(frozen=True)
class ReadOutfits:
    """Outfits of one split; every image axis is in the order of the split's image shards.

    Attributes:
        types_n: item type of each image.
        image_ids_n: id of each image.
        outfits: int64 positions of each outfit's images; items that could not be read are left out.
        outfit_ids: id of each outfit.
    """

    types_n: list[str]
    image_ids_n: list[str]
    outfits: list[np.ndarray]
    outfit_ids: list[str]


def read_outfits(upstream: Upstream, split: str) -> ReadOutfits:
    """Return the outfits of a split; reads `images` and `outfits.<split>`."""
    images = upstream.table("images", "images", split)
    image_ids: list[str] = images["image_id"].to_pylist()
    table = upstream.table(f"outfits.{split}", "outfits")
    return ReadOutfits(
        images["label"].to_pylist(),
        image_ids,
        outfit_positions(image_ids, table["items"].to_pylist()),
        table["outfit_id"].to_pylist(),
    )
