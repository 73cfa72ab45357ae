"""Small pictures of all test pairs for the gallery, shard after shard: never all maps or pixels at once."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.saliency_maps import maps_of_shard, maps_stage
from pipeline.report.map_words import bright_place
from pipeline.report.pair_table import PairTable
from pipeline.report.shown_image import ShownImage
from pipeline.report.thumbnails import image_thumbnail_path, query_thumbnail_path, thumbnail

ImageSource = Callable[[str], ShownImage]


def read_thumbnails(
    upstream: Upstream, pairs: PairTable, images: ImageSource, generator: str, mode: str
) -> tuple[dict[str, bytes], list[int | None]]:
    """Return JPEG pictures by path, and where each pair's map is brightest, see `pipeline.report.map_words`.

    The query of each pair is under its map where that is there and has contrast; every query and reference also has a
    picture without one.

    Args:
        upstream: holds `images`, and the maps where they were made.
        pairs: all test pairs.
        images: the picture of an image by its id.
        generator: whose maps are shown.
        mode: of the generator.
    """
    files: dict[str, bytes] = {}
    bright: dict[str, int | None] = {}
    query_of = dict(zip(pairs.pair_ids, pairs.queries, strict=True))
    # The pairs of a query come one after the other.
    image_of = lru_cache(maxsize=1)(images)
    for pair_id, map_hw in _maps(upstream, generator, mode):
        if pair_id in query_of:
            files[query_thumbnail_path(pair_id)] = thumbnail(image_of(query_of[pair_id]), map_hw)
            bright[pair_id] = bright_place(map_hw)
    # In the order of their shards, so that each is read once.
    shown = {*pairs.queries, *pairs.references}
    for image_id in upstream.table("images", "images", "test")["image_id"].to_pylist():
        if image_id in shown:
            files[image_thumbnail_path(image_id)] = thumbnail(images(image_id))
    for pair_id, query in query_of.items():
        files.setdefault(query_thumbnail_path(pair_id), files[image_thumbnail_path(query)])
    return files, [bright.get(pair_id) for pair_id in pairs.pair_ids]


def _maps(upstream: Upstream, generator: str, mode: str) -> Iterator[tuple[str, np.ndarray]]:
    """Give (pair id, float32 map (y, x)) of every test pair that has a map."""
    stage = maps_stage(generator, mode)
    for commit in upstream.commits(stage) if stage in upstream.manifests else ():
        for pair_id, map_yx in maps_of_shard(upstream, commit).items():
            yield pair_id, map_yx.astype(np.float32)
