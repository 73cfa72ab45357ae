"""Discovered attributes in the place of labels: the images once more, with them, and the vocabulary that they make.

Where `dataset.attributes = "discovered"`, the images as the dataset has them are a stage of another name, which the
similarity model, the embeddings and discovery read as `images`. All that comes later reads the labelled images.
"""

from collections.abc import Sequence
from dataclasses import replace

from flows.engine.stage import Cut, ShardPlan, Stage, StoredItems
from flows.engine.upstream import Upstream
from flows.engine.work import ShardExtent
from flows.settings.configuration import Settings
from flows.stages.dataset import ATTRIBUTE_NOTES, ATTRIBUTE_VOCABULARY, IMAGES
from flows.stages.discovery import NAME as DISCOVERED
from flows.stages.discovery import discovery_stages
from flows.stages.reads import UNLABELLED_IMAGES
from pipeline.datasets.attribute_notes import attribute_notes
from pipeline.datasets.records import DatasetIndex, ImageRecord
from pipeline.discovery.methods import FULL_FRAME, RANDOM
from stores.fingerprints import fingerprint

_IMAGES = "images"


def with_discovered_labels(settings: Settings, early: Sequence[Stage]) -> list[Stage]:
    """Return the stages up to the labelled images: those that need no labels first, then discovery, then labels.

    Args:
        settings: of one seed.
        early: those of the dataset, the similarity model and the embeddings.
    """
    unlabelled = [stage for stage in early if stage.name != "vocabulary"]
    return [
        *(of_unlabelled(stage) for stage in (*unlabelled, *discovery_stages(settings))),
        _labelled_images_stage(),
        _vocabulary_stage(settings),
    ]


def of_unlabelled(stage: Stage) -> Stage:
    """Return the stage reading the images without labels, as `images`; the images themselves under their other name."""
    if stage.name == _IMAGES:
        return replace(
            stage,
            name=UNLABELLED_IMAGES,
            settings={**stage.settings, "attributes": "discovered"},
            keys={**stage.keys, "attributes": "dataset.attributes"},
        )
    if _IMAGES not in stage.upstream:
        return stage
    upstream = tuple(UNLABELLED_IMAGES if name == _IMAGES else name for name in stage.upstream)
    return replace(stage, upstream=upstream, read_as={_IMAGES: UNLABELLED_IMAGES}, cut=_naming_unlabelled(stage.cut))


def _naming_unlabelled(cut: Cut) -> Cut:
    """Return a cut whose shards say by the right name where the ids of their items are kept."""

    def renamed(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
        return [
            replace(shard, items=replace(shard.items, stage=UNLABELLED_IMAGES))
            if isinstance(shard.items, StoredItems) and shard.items.stage == _IMAGES
            else shard
            for shard in cut(upstream, stage)
        ]

    return renamed


def _labelled_images_stage() -> Stage:
    return Stage(
        _IMAGES,
        "flows.jobs.labelled_images",
        {"attributes": "discovered"},
        (),
        (UNLABELLED_IMAGES, DISCOVERED),
        cut_labelled_images,
        tables=(IMAGES,),
        keys={"attributes": "dataset.attributes"},
    )


def cut_labelled_images(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return a shard for each shard of images without labels; it depends on these and on what its images have."""
    del stage
    found = {(row["split"], row["image_id"]): row for row in upstream.rows(DISCOVERED, "labels")}
    shards = []
    for commit in upstream.commits(UNLABELLED_IMAGES):
        split = commit.shard_label.partition("/")[0]
        table = upstream.store.read_part_table(commit, "images", ["image_id"])
        ids: list[str] = table["image_id"].to_pylist()
        rows = [[one, found[split, one]["attributes"], found[split, one]["likeness"]] for one in ids]
        inputs = {
            "pixels": commit.parts["pixels"].digest,
            "images": commit.parts["images"].digest,
            "labels": fingerprint(rows),
        }
        work = {"images_shard": commit.shard_key, "labels": rows}
        shards.append(ShardPlan(commit.shard_label, inputs, work, tuple(ids), ShardExtent(len(ids))))
    return shards


def _vocabulary_stage(settings: Settings) -> Stage:
    return Stage(
        "vocabulary",
        "flows.jobs.vocabulary",
        {"attributes": "discovered", "method": settings.discovery.method},
        (),
        (DISCOVERED,),
        cut_discovered_vocabulary,
        tables=(ATTRIBUTE_VOCABULARY, ATTRIBUTE_NOTES),
        keys={"attributes": "dataset.attributes", "method": "discovery.method"},
    )


def cut_discovered_vocabulary(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: the discovered attributes in order, and what training images do not tell apart.

    Raises:
        BadDataset: no discovered attribute varies over the training images.
    """
    names: list[str] = upstream.table(DISCOVERED, "clusters")["attribute"].to_pylist()
    labels = upstream.rows(DISCOVERED, "labels")
    # Of whole images, or drawn, an image has exactly one, but for those that HDBSCAN takes for noise.
    has_one = all(len(row["attributes"]) == 1 for row in labels)
    group = 0 if has_one and stage.settings["method"] in (FULL_FRAME, RANDOM) else -1
    records = tuple(ImageRecord(row["image_id"], None, row["split"], "", tuple(row["attributes"])) for row in labels)
    index = DatasetIndex("discovered attributes", None, tuple(names), (group,) * len(names), records)
    notes = [[note.attribute, note.note, note.same_as] for note in attribute_notes(index)]
    rows = {"names": names, "groups": [group] * len(names), "notes": notes}
    return [ShardPlan("all", rows, rows)]
