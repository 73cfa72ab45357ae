"""The start of the graph: files, or rendered items, become a vocabulary, labelled pixels and outfits."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import DatasetSettings, Settings
from flows.stages import dataset_shards as dataset
from flows.stages import outfit_shards as outfits
from flows.stages.facts import Facts, image_extents
from flows.stages.reads import SPLITS
from pipeline.errors import BadDataset
from stores.table_schema import INTEGER, NUMBERS, TEXT, TEXTS, Column, TableSchema

if TYPE_CHECKING:
    from stores.manifests import Manifest

LOG = logging.getLogger("sane")

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
        Column("width_px", INTEGER, "width of the upright file before resizing"),
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

OUTFITS = TableSchema(
    "outfits",
    "One row per outfit, in the release's order.",
    (
        Column("outfit_id", TEXT, "the release's `set_id`"),
        Column("split", TEXT, "of the outfit"),
        Column("items", TEXTS, "image ids in the order of the release's `index`, each once; unreadable ones included"),
    ),
)

TYPE_PAIRS = TableSchema(
    "type_pairs",
    "One row per unordered pair of item types that outfits bring together, a type with itself included.",
    (
        Column("position", INTEGER, "number of the condition, from 0"),
        Column("condition", TEXT, "both types in alphabetical order, with a bar between them"),
        Column("first_type", TEXT, "the alphabetically first"),
        Column("second_type", TEXT, "the other"),
    ),
)

# The settings that change pixels or labels, the module that makes the index, and the one that makes the pixels.
DECODED = ("kind", "image_size_px", "canvas", "effective_resolution_px")
BY_KIND: dict[str, tuple[tuple[str, ...], str, str]] = {
    "planted": (
        ("kind", "seed", "image_size_px", "distractor_correlation"),
        "pipeline.datasets.planted.index",
        "pipeline.datasets.planted.renderer",
    ),
    "awa2": ((*DECODED, "validation_images"), "pipeline.datasets.awa2", "pipeline.datasets.image_decoding"),
    "polyvore_outfits": (
        (*DECODED, "outfit_splits"),
        "pipeline.datasets.polyvore_outfits",
        "pipeline.datasets.image_decoding",
    ),
    "folder": (DECODED, "pipeline.datasets.folder", "pipeline.datasets.image_decoding"),
}


def dataset_stages(settings: Settings) -> list[Stage]:
    """Return the stages that turn files, or rendered items, into labelled pixels."""
    chosen = settings.dataset
    paths = {"dataset_root": None if chosen.root is None else str(chosen.root)}
    if chosen.table is not None:
        paths["dataset_table"] = str(chosen.table)
    named, index, decoder = BY_KIND[chosen.kind]
    values = chosen.model_dump(include=set(named))
    images = ("pipeline.datasets.records", decoder)
    notes = (index, "pipeline.datasets.attribute_notes")
    # How many planted items there are is no setting of a shard: with more of them the others stay as they are.
    item_limits = chosen.model_dump(include={"train_items", "valid_items", "test_items"})
    return [
        Stage(
            "vocabulary",
            "flows.jobs.vocabulary",
            {**values},
            notes,
            (),
            dataset.plan_vocabulary,
            paths,
            item_limits=item_limits,
            tables=(ATTRIBUTE_VOCABULARY, ATTRIBUTE_NOTES),
        ),
        Stage(
            "images",
            "flows.jobs.images",
            values,
            images,
            (),
            dataset.plan_images,
            paths,
            item_limits=item_limits,
            tables=(IMAGES, UNREADABLE_IMAGES),
            costs=ShardCosts(_images_work, image_extents(*SPLITS)),
            check_result=partial(_check_unreadable, chosen),
        ),
        *(outfit_stages(settings, paths) if chosen.kind == "polyvore_outfits" else []),
    ]


def _images_work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    n, side = extent.items, stage.settings["image_size_px"]
    is_bound = not facts.images_are_certain
    return Work(images=n, rates={"prepared_image": n}, array_bytes=3 * n * side**2, is_upper_bound=is_bound)


def _check_unreadable(dataset: DatasetSettings, manifest: "Manifest") -> None:
    """Refuse a dataset too many of whose images cannot be read; warn of fewer.

    Raises:
        BadDataset: the share passes dataset.max_unreadable_share.
    """
    counts = manifest.details.get("counts", {})
    unreadable = counts.get("unreadable_images", 0)
    total = counts.get("images", 0) + unreadable
    limit = dataset.max_unreadable_share
    if not unreadable:
        return
    if unreadable > limit * total:
        raise BadDataset(
            expected=f"at most {limit:.1%} unreadable images (dataset.max_unreadable_share)",
            found=f"{unreadable} of {total}",
            where=str(dataset.root),
            remedy="see them with: sane query CONFIG 'select * from unreadable_images'; mend or remove them",
        )
    LOG.warning("images: %d of %d cannot be read and are left out: table unreadable_images", unreadable, total)


def outfit_stages(settings: Settings, paths: dict[str, str | None]) -> list[Stage]:
    """Return the stages that say which images were put together, and which pairs of types there are."""
    values = settings.dataset.model_dump(include={"kind", "outfit_splits"})
    code = ("pipeline.datasets.polyvore_outfits",)
    stages = [
        Stage(
            f"outfits.{split}",
            "flows.jobs.outfits",
            {**values, "split": split},
            code,
            (),
            outfits.plan_outfits,
            paths,
            tables=(OUTFITS,),
        )
        for split in SPLITS
    ]
    type_pairs = Stage(
        "type_pairs",
        "flows.jobs.type_pairs",
        values,
        code,
        (),
        outfits.plan_type_pairs,
        paths,
        tables=(TYPE_PAIRS,),
    )
    return [*stages, type_pairs]
