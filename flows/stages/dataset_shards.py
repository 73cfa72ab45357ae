"""Shards of the first stages: the attribute vocabulary and the images."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.user_tables import read_user_table
from pipeline.datasets import awa2, polyvore_outfits
from pipeline.datasets.attribute_notes import attribute_notes
from pipeline.datasets.folder import build_folder_index
from pipeline.datasets.folder_files import contained_paths
from pipeline.datasets.outfits import OutfitIndex
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.spec import MAX_ITEMS_PER_SPLIT, PlantedSpec
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord
from stores.file_digests import FileDigests
from stores.fingerprints import fingerprint

IMAGES_PER_SHARD = 64


def planted_spec(settings: Mapping[str, Any], item_limits: Mapping[str, int] | None = None) -> PlantedSpec:
    """Return the spec of rendered items from the `dataset` settings of a stage.

    Without limits it has as many items as ids can number: an item does not depend on how many others there are.
    """
    items = {f"{split}_items": MAX_ITEMS_PER_SPLIT for split in SPLITS} if item_limits is None else item_limits
    return PlantedSpec(
        seed=settings["seed"],
        train_items=items["train_items"],
        valid_items=items["valid_items"],
        test_items=items["test_items"],
        image_size_px=settings["image_size_px"],
        distractor_correlation=settings["distractor_correlation"],
    )


def dataset_index(stage: Stage) -> DatasetIndex:
    """Return the index of the dataset that a stage's settings and paths describe.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    settings = stage.settings
    if settings["kind"] == "planted":
        return _planted_index(planted_spec(settings, stage.item_limits))
    root = Path(str(stage.paths["dataset_root"]))
    if settings["kind"] == "polyvore_outfits":
        splits = settings["outfit_splits"]
        return _polyvore_index(root, splits, files_state(polyvore_outfits.dataset_files(root, splits)))
    if settings["kind"] == "folder":
        table = Path(str(stage.paths["dataset_table"]))
        return _folder_index(root, table, files_state([table, root]))
    return _awa2_index(root, settings["validation_images"], files_state(awa2.dataset_files(root)))


def files_state(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return path, size and time of change of those files and folders that exist, times in ns.

    A folder's time changes as files are added to it or removed. One process may plan many runs: what it remembers
    of a dataset holds only while nothing there changes.
    """
    states = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # the index says what is missing
        states.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(states)


@lru_cache(maxsize=2)
def _planted_index(spec: PlantedSpec) -> DatasetIndex:
    return build_planted_index(spec)


# One run plans several stages on the same folder; the folder is read once.
@lru_cache(maxsize=2)
def _awa2_index(root: Path, validation_images: int, state: object) -> DatasetIndex:
    del state
    return awa2.build_awa2_index(root, validation_images)


@lru_cache(maxsize=2)
def _folder_index(root: Path, table: Path, state: object) -> DatasetIndex:
    del state
    return build_folder_index(root, read_user_table(table))


@lru_cache(maxsize=2)
def _polyvore_index(root: Path, outfit_splits: str, state: object) -> OutfitIndex:
    del state
    return polyvore_outfits.build_polyvore_index(root, outfit_splits)


def plan_vocabulary(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the names and groups of the attributes, and what the training images do not tell apart.

    Raises:
        BadDataset: the dataset on disk is missing or malformed, or no attribute varies over its training images.
    """
    index = dataset_index(stage)
    notes = [[note.attribute, note.note, note.same_as] for note in attribute_notes(index)]
    rows = {"names": list(index.attribute_names), "groups": list(index.attribute_groups), "notes": notes}
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
    relatives = [record.path for record in index.records if record.path]
    paths = dict(zip(relatives, contained_paths(root, relatives), strict=True))
    side_file = upstream.store.root.child("file_digests.parquet")
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
