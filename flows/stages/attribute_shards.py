"""Shards of attribute models and of all that is computed from scores, maps and embeddings in one go."""

from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream

LABEL_COLUMNS = ("image_id", "attributes")


def plan_attribute_model(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard: pixels and labels of both learned splits, and the maps where they are used."""
    inputs: dict[str, Any] = {"vocabulary": upstream.part_digest("vocabulary", "vocabulary")}
    for split in ("train", "valid"):
        inputs[split] = {
            "pixels": upstream.part_digest("images", "pixels", split),
            "labels": upstream.column_digest("images", "images", LABEL_COLUMNS, split),
        }
    maps = stage.settings["maps"]
    if maps is not None:
        inputs["maps"] = [upstream.part_digest(maps, part) for part in ("maps", "map_rows")]
    return [ShardPlan("all", inputs, {})]


def plan_attribute_scores(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of validation and test images; the splits may share images."""
    model = upstream.part_digest(stage.settings["attribute_model"], "model")
    return [
        ShardPlan(
            commit.shard_label,
            {
                "model": model,
                "split": split,
                "pixels": commit.parts["pixels"].digest,
                "ids": commit.parts["images"].detail["column_digests"]["image_id"],
            },
            {"images_shard": commit.shard_key},
        )
        for split in ("valid", "test")
        for commit in upstream.commits("images", split)
    ]


def single_shard(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard that depends on every part named in stage.settings["reads"], over all its shards.

    `reads` maps an upstream stage to a list of [part, columns or None, shard prefix].
    """
    inputs = {}
    for source, parts in stage.settings["reads"].items():
        for part, columns, prefix in parts:
            key = f"{source}/{part}/{prefix}"
            if columns is None:
                inputs[key] = upstream.part_digest(source, part, prefix)
            else:
                inputs[key] = upstream.column_digest(source, part, columns, prefix)
    return [ShardPlan("all", inputs, {})]
