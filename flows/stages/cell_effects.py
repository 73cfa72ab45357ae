"""What each cell of an image adds to its embedding: the one costly step of correspondences, once for each image."""

from collections import defaultdict
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.perturbed_embeddings import are_kept, perturbed_name
from flows.stages.query_groups import group_label, model_inputs, pairs_of_groups, pixel_digests
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import query_perturbations
from pipeline.saliency.declaration import FIXED
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

NAME = "cell_effects.test"
RISE = "rise"
IMAGES_PER_SHARD = 8
FLOAT16_BYTES = 2

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
        costs=ShardCosts(_work, _expected),
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
    pixels, model = pixel_digests(upstream, "test"), model_inputs(upstream, stage)
    image_shards = upstream.shard_of_rows("images", "images", "image_id", "test")
    kept = _kept_shards(upstream, stage)
    shards = []
    for images in content_defined_shards(list(conditions), average=IMAGES_PER_SHARD):
        rows = [[image, condition] for image in images for condition in sorted(conditions[image])]
        found = {image: kept[image] for image in images if image in kept}
        inputs: dict[str, Any] = {
            "images": fingerprint([[image, pixels[image]] for image in images]),
            "rows": fingerprint(rows),
            **model,
        }
        if found:
            inputs["perturbed"] = fingerprint([[image, digest] for image, (_, digest) in found.items()])
        work = {
            "rows": rows,
            "image_shards": {image: image_shards[image] for image in images},
            "perturbed_shards": {image: shard_key for image, (shard_key, _) in found.items()},
        }
        passed = tuple((image, int(image not in found)) for image in images)
        shards.append(ShardPlan(group_label(images), inputs, work, tuple(images), ShardExtent(len(rows), passed)))
    return shards


def _kept_shards(upstream: Upstream, stage: Stage) -> dict[str, tuple[str, str]]:
    """Return, for each query whose perturbed embeddings are kept, the shard that holds them and their digest."""
    name = stage.settings.get("perturbed")
    if name is None:
        return {}
    shard_of = upstream.shard_of_rows(name, "queries", "query")
    digests = {commit.shard_key: commit.parts["embeddings"].digest for commit in upstream.commits(name)}
    return {query: (key, digests[key]) for query, key in shard_of.items()}


def _expected(_stage: Stage, facts: Facts) -> list[ShardExtent]:
    """Return extents before the pairs are known: as if every test image were in one, under one condition.

    Without a number of rows, which tells that they are bounds.
    """
    images = [row["image_id"] for row in facts.rows("test")]
    groups = content_defined_shards(images, average=IMAGES_PER_SHARD)
    return [ShardExtent(groups=tuple((image, 1) for image in group)) for group in groups]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    passed, length = extent.members, facts.embedding_dim
    passes = passed * query_perturbations(RISE, stage.settings["spec"])
    rows = extent.items or len(extent.groups)
    values = None if length is None else rows * stage.settings["cells"] ** 2 * length
    return Work(
        passes,
        rates={"forward_image": passes, "read_part": 2 * len(extent.groups)},
        array_bytes=None if values is None else FLOAT16_BYTES * values,
        is_upper_bound=not extent.items or not facts.images_are_certain,
        loads_torch=True,
    )
