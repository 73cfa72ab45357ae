"""The start of the graph: files, or rendered items, become a vocabulary, labelled pixels and outfits."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.dataset_index import built_index, dataset_index, followed_folders, link_paths
from flows.stages.facts import Facts, image_extents
from flows.stages.image_changes import changed_images, expected_images
from flows.stages.image_checks import check_images
from flows.stages.kept_shards import cut_table
from flows.stages.outfits import outfit_stages
from flows.stages.user_keys import keys_in
from pipeline.datasets.attribute_notes import attribute_notes
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.folder import FolderIndex
from pipeline.datasets.folder_files import contained_paths
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord
from pipeline.errors import BadDataset
from stores.file_digests import FileDigests
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, NUMBERS, TEXT, TEXTS, Column, TableSchema

LOG = logging.getLogger("sane")
IMAGES_PER_SHARD = 64

IMAGES = TableSchema(
    "images",
    "One row per readable image.",
    (
        Column("image_id", TEXT, "unique in its split; sorts it"),
        Column(
            "path",
            TEXT,
            "file relative to the dataset's root; `planted/<image_id>` for rendered items, which have no file",
        ),
        Column("split", TEXT, "`train`, `valid` or `test`"),
        Column("label", TEXT, "class, or type of an item"),
        Column("attributes", TEXTS, "names of the attributes it has, in vocabulary order"),
        Column(
            "width_px",
            INTEGER,
            "width of the upright file before resizing; with `dataset.fit` it tells what the square shows of it",
        ),
        Column("height_px", INTEGER, "height, likewise"),
        Column("sha256", TEXT, "of the file's bytes; of the pixels where there is no file"),
        Column("pixels_sha256", TEXT, "digest of the decoded square pixels; equal for duplicates"),
        Column(
            "similarity_target",
            NUMBERS,
            "coordinates whose cosine is the planted similarity; null for real images",
            nullable=True,
        ),
    ),
)

UNREADABLE_IMAGES = TableSchema(
    "unreadable_images",
    "One row per file that was refused.",
    (
        Column("path", TEXT, "relative to the dataset's root"),
        Column("reason", TEXT, "what was found instead of a readable image"),
    ),
)

IMAGE_NOTES = TableSchema(
    "image_notes",
    "One row per file that was read and is odd; only where there is one.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("path", TEXT, "relative to the dataset's root"),
        Column("note", TEXT, "what is odd, and the remedy"),
    ),
)

ATTRIBUTE_VOCABULARY = TableSchema(
    "attribute_vocabulary",
    "One row per attribute, in the order of every attribute axis.",
    (
        Column("position", INTEGER, "from 0"),
        Column("attribute", TEXT, "name"),
        Column("group", INTEGER, "number of its factor; -1 for an attribute of its own"),
    ),
)

ATTRIBUTE_NOTES = TableSchema(
    "attribute_notes",
    "One row per attribute that the training images cannot tell apart; the run warns of them "
    "once, when the vocabulary is made.",
    (
        Column("attribute", TEXT, "name"),
        Column("note", TEXT, "`absent` (on no training image), `constant` (on all of them) or `identical`"),
        Column(
            "same_as", TEXT, "for `identical`: the first attribute that the same training images have", nullable=True
        ),
    ),
)


def dataset_stages(settings: Settings) -> list[Stage]:
    """Return the stages that turn files, or rendered items, into labelled pixels."""
    chosen = settings.dataset
    kind = chosen.declared
    paths = {"dataset_root": None if chosen.root is None else str(chosen.root), **link_paths(chosen.follow_links_to)}
    if chosen.table is not None:
        paths["dataset_table"] = str(chosen.table)
    values = chosen.model_dump(include=set(kind.pixel_settings))
    later = {key: getattr(chosen, key) for key in kind.later_settings}
    later = {key: value for key, value in later.items() if value != kind.later_settings[key]}
    keys = keys_in("dataset", (*values, *kind.later_settings))
    notes = (kind.index_module, "pipeline.datasets.attribute_notes")
    # How many items there are is no setting of a shard: with more of them the others stay as they are.
    item_limits = chosen.model_dump(include=set(kind.item_limits))
    return [
        Stage(
            "vocabulary",
            "flows.jobs.vocabulary",
            {**values},
            notes,
            (),
            cut_vocabulary,
            paths,
            item_limits=item_limits,
            tables=(ATTRIBUTE_VOCABULARY, ATTRIBUTE_NOTES),
            check_inputs=_tell_notices,
            keys=keys,
        ),
        Stage(
            "images",
            "flows.jobs.images",
            {**values, **later},
            (kind.pixels_module,),
            (),
            cut_images,
            paths,
            item_limits=item_limits,
            tables=(IMAGES, UNREADABLE_IMAGES, IMAGE_NOTES),
            costs=ShardCosts(_images_work, image_extents(*SPLITS)),
            check_result=partial(check_images, settings),
            keys=keys,
            left_out=kind.later_settings,
            item_changes=changed_images,
            expected_tables=expected_images,
        ),
        *(outfit_stages(settings, paths) if kind.has_outfits else []),
    ]


def _tell_notices(stage: Stage, _stages: Mapping[str, Stage]) -> None:
    """Log what the index says of itself, before anything is computed.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    for notice in dataset_index(stage).notices:
        LOG.warning("%s", notice)


def _images_work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    n, side = extent.items, stage.settings["image_size_px"]
    is_bound = not facts.images_are_certain
    return Work(images=n, rates={"prepared_image": n}, array_bytes=3 * n * side**2, is_upper_bound=is_bound)


def match_threshold(settings: Settings) -> float:
    """Return the least graded similarity of a match; 0 where images match by their labels."""
    return settings.pairs.match_threshold if settings.dataset.declared.has_graded_similarity else 0.0


def cut_vocabulary(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the names and groups of the attributes, and what the training images do not tell apart.

    Raises:
        BadDataset: the dataset on disk is missing or malformed, or no attribute varies over its training images.
    """
    table = cut_table(upstream.store.root, stage)
    kept = None if table is None else table.kept()
    # Of a user's folder it follows from the table alone.
    rows = _vocabulary_rows(built_index(stage).index) if kept is None else kept.vocabulary
    return [ShardPlan("all", rows, rows)]


def _vocabulary_rows(index: DatasetIndex) -> dict[str, Any]:
    found = attribute_notes(index) if DATASETS[index.name].has_attributes else ()
    notes = [[note.attribute, note.note, note.same_as] for note in found]
    return {"names": list(index.attribute_names), "groups": list(index.attribute_groups), "notes": notes}


def cut_images(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined shards of images, cut within each split; a file enters by its sha256.

    Those of a user's folder are kept in the store while nothing in it changes.

    Raises:
        BadDataset: the dataset on disk is missing or malformed.
    """
    table = cut_table(upstream.store.root, stage)
    kept = None if table is None else table.kept()
    if kept is not None and kept.is_current(stage):
        return kept.shards(lambda: _image_shards(upstream, stage, built_index(stage).index))
    built = built_index(stage)
    index = built.index
    shards = _image_shards(upstream, stage, index)
    if table is not None and isinstance(index, FolderIndex):
        try:
            vocabulary = _vocabulary_rows(index)
        except BadDataset:
            return shards  # refused by the stage `vocabulary`, if it is asked for
        # The index may be older than this cut: a process keeps it for all stages.
        table.since(built.began_ns).keep(stage, index.listed_folders, vocabulary, shards)
    return shards


def _image_shards(upstream: Upstream, stage: Stage, index: DatasetIndex) -> list[ShardPlan]:
    followed = followed_folders(stage)
    digests = _file_digests(upstream, index, followed)
    shards = []
    for split in SPLITS:
        records = {record.image_id: record for record in index.records if record.split == split}
        for ids in content_defined_shards(list(records), average=IMAGES_PER_SHARD):
            rows = [_row(records[image_id], digests) for image_id in ids]
            label = f"{split}/{fingerprint(ids[0])[:8]}"
            work = {"rows": rows, "root": index.root, "links": [str(folder) for folder in followed]}
            shards.append(ShardPlan(label, {"rows": fingerprint(rows)}, work, tuple(ids), ShardExtent(len(ids))))
    return shards


def _file_digests(upstream: Upstream, index: DatasetIndex, follow_links_to: Sequence[Path]) -> dict[str, str]:
    if index.root is None:
        return {}
    root = Path(index.root)
    relatives = [record.path for record in index.records if record.path]
    paths = dict(zip(relatives, contained_paths(root, relatives, follow_links_to), strict=True))
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
