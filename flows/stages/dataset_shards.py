"""Shards of the first stages: the attribute vocabulary and the images."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.stages.user_tables import read_user_table
from pipeline.datasets.attribute_notes import attribute_notes
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.folder_files import contained_paths
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord, IndexSource
from stores.file_digests import FileDigests
from stores.fingerprints import fingerprint
from stores.location import Location

IMAGES_PER_SHARD = 64


def dataset_index(stage: Stage) -> DatasetIndex:
    """Return the index of the dataset that a stage's settings and paths describe.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    kind = DATASETS[stage.settings["kind"]]
    known = {**stage.settings, **stage.item_limits}
    own = kind.settings(**{key: known[key] for key in kind.own_keys})
    root = None if kind.is_rendered else Path(str(stage.paths["dataset_root"]))
    table = Path(str(stage.paths["dataset_table"])) if kind.needs_table else None
    files = [] if root is None or kind.index_files is None else list(kind.index_files(own, root))
    return _index(kind, own, root, table, files_state([*([table] if table else []), *files]))


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


# One run plans several stages on the same folder; the folder is read once.
@lru_cache(maxsize=2)
def _index(
    kind: DatasetKind, own_settings: object, root: Path | None, table: Path | None, state: object
) -> DatasetIndex:
    del state
    return kind.build_index(own_settings, IndexSource(root, None if table is None else read_user_table(table)))


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
