"""What each cell of an image adds to its embedding: the one costly step of correspondences, once for each image."""

from collections import defaultdict
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.masked_images import (
    IMAGES_PER_SHARD,
    RISE,
    MaskedImages,
    expected_masked_images,
    masked_images_work,
)
from flows.stages.perturbed_embeddings import are_kept, perturbed_name
from flows.stages.query_groups import group_label, model_inputs, pairs_of_groups
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.declaration import FIXED
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

NAME = "cell_effects.test"

CELL_EFFECT_ROWS = TableSchema(
    "cell_effect_rows",
    "One row per image of the test pairs, query or reference, and condition under which it is compared.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("condition", TEXT, "of its pairs; empty where there is none"),
        Column("row", INTEGER, "position within this shard's array `effects`"),
        Column("effects_sha256", TEXT, "digest of its effects as stored"),
    ),
)


def cell_effects_stage(settings: Settings) -> Stage:
    """Return the stage, which passes each image of the chosen test pairs under RISE's masks."""
    values: dict[str, Any] = {
        "split": "test",
        "spec": generator_spec(settings, RISE, FIXED),
        "cells": settings.saliency.correspondence.cells,
        "seed": settings.seed,
        "image_size_px": settings.dataset.image_size_px,
        "precision": settings.compute.precision,
        **condition_values(settings),
    }
    upstream: tuple[str, ...] = ("images", "similarity_model", "pairs.test")
    if RISE in settings.saliency.generators and are_kept(settings, "test", RISE):
        values["perturbed"] = perturbed_name("test", RISE)
        upstream = (*upstream, values["perturbed"])
    return Stage(
        NAME,
        "flows.jobs.cell_effects",
        values,
        embedding_code(settings.similarity_model),
        upstream,
        cut_cell_effects,
        model_paths(settings.similarity_model),
        item_limits=correspondence_pairs(settings),
        tables=(CELL_EFFECT_ROWS,),
        keys={**spec_keys(settings, RISE), **CORRESPONDENCE_KEYS},
        costs=ShardCosts(masked_images_work, expected_masked_images),
    )


CORRESPONDENCE_KEYS = {
    "cells": "saliency.correspondence.cells",
    "most_pairs": "saliency.correspondence.pairs",
}


def correspondence_pairs(settings: Settings) -> dict[str, int]:
    """Return `most_pairs`, where fewer test pairs are explained from both sides than there are, else nothing."""
    most = settings.saliency.correspondence.pairs
    return {} if most is None else {"most_pairs": most}


def cut_cell_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of images; each depends on its pixels, its conditions, and the model."""
    conditions: dict[str, set[str]] = defaultdict(set)
    for _, pairs in pairs_of_groups(upstream, stage, "test"):
        for pair in pairs:
            for side in ("query", "reference"):
                conditions[pair[side]].add(pair.get("condition") or "")
    masked, model = MaskedImages(upstream, stage), model_inputs(upstream, stage)
    shards = []
    for images in content_defined_shards(list(conditions), average=IMAGES_PER_SHARD):
        rows = [[image, condition] for image in images for condition in sorted(conditions[image])]
        inputs = {**masked.inputs(images), "rows": fingerprint(rows), **model}
        work = {"rows": rows, **masked.work(images)}
        extent = masked.extent(images, len(rows))
        shards.append(ShardPlan(group_label(images), inputs, work, tuple(images), extent))
    return shards
