"""Shards of the first stages: the attribute vocabulary and the images."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.graph import ShardPlan, Stage
from flows.upstream import Upstream
from pipeline.datasets.awa2 import build_awa2_index
from pipeline.datasets.folder_files import contained_path
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.spec import MAX_ITEMS_PER_SPLIT, PlantedSpec
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord
from stores.file_digests import FileDigests
from stores.fingerprints import fingerprint
from stores.location import Location
from stores.shards import content_defined_shards

IMAGES_PER_SHARD = 64


def planted_spec(settings: Mapping[str, Any], extent: Mapping[str, int] | None = None) -> PlantedSpec:
    """Return the spec of rendered items from the `dataset` settings of a stage.

    Without an extent it has as many items as ids can number: an item does not depend on how many others there are.
    """
    items = {f"{split}_items": MAX_ITEMS_PER_SPLIT for split in SPLITS} if extent is None else extent
    return PlantedSpec(
        seed=settings["seed"],
        train_items=items["train_items"],
        valid_items=items["valid_items"],
        test_items=items["test_items"],
        image_size_px=settings["image_size_px"],
        distractor_correlation=settings["distractor_correlation"],
    )


def dataset_index(stage: Stage) -> DatasetIndex:
    """Return the index of the dataset that a stage's settings and places describe.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    if stage.settings["kind"] == "planted":
        return _planted_index(planted_spec(stage.settings, stage.extent))
    return _awa2_index(stage.places["dataset_root"], stage.settings["validation_images"])


@lru_cache(maxsize=2)
def _planted_index(spec: PlantedSpec) -> DatasetIndex:
    return build_planted_index(spec)


@lru_cache(maxsize=2)
def _awa2_index(root: str, validation_images: int) -> DatasetIndex:
    # One run plans several stages on the same folder; the folder is read once.
    return build_awa2_index(Path(root), validation_images)


def plan_vocabulary(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the names and groups of the attributes."""
    index = dataset_index(stage)
    rows = {"names": list(index.attribute_names), "groups": list(index.attribute_groups)}
    return [ShardPlan("all", rows, rows)]


def plan_images(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined shards of images, cut within each split; a file enters by its sha256."""
    index = dataset_index(stage)
    digests = _file_digests(upstream, index)
    shards = []
    for split in SPLITS:
        records = {record.image_id: record for record in index.records if record.split == split}
        for ids in content_defined_shards(list(records), average=IMAGES_PER_SHARD):
            rows = [_row(records[image_id], digests) for image_id in ids]
            label = f"{split}/{fingerprint(ids[0])[:8]}"
            shards.append(ShardPlan(label, {"rows": fingerprint(rows)}, {"rows": rows, "root": index.root}))
    return shards


def _file_digests(upstream: Upstream, index: DatasetIndex) -> dict[str, str]:
    if index.root is None:
        return {}
    root = Path(index.root)
    paths = {record.path: str(contained_path(root, record.path)) for record in index.records if record.path}
    side_file = Location.parse(upstream.store.root.url).child("file_digests.parquet")
    known = FileDigests(side_file).digest_files(list(paths.values()))
    return {relative: known[absolute] for relative, absolute in paths.items()}


def _row(record: ImageRecord, digests: Mapping[str, str]) -> dict[str, Any]:
    return {
        "image_id": record.image_id,
        "path": record.path,
        "sha256": digests.get(record.path or ""),
        "split": record.split,
        "label": record.label,
        "attributes": list(record.attributes),
        "similarity_target": None if record.similarity_target is None else list(record.similarity_target),
    }
