"""Attributes found without labels (method section 7): what matches, and the groups that become attributes."""

from collections import defaultdict
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.cuts import Reads
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.discovery_neighbours import (
    effects_name,
    effects_stage,
    neighbours_name,
    neighbours_stage,
    with_discovery_keys,
)
from flows.stages.facts import Facts
from flows.stages.query_groups import group_label, pixel_digests
from flows.stages.reads import SPLITS, single_shard_stage
from flows.stages.user_model import embedding_code, model_paths
from pipeline.discovery.methods import FACTORS, FULL_FRAME, OF_EFFECTS, OF_MATCHES, PATCHES, RANDOM
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, NUMBER, TEXT, TEXTS, Column, TableSchema

NAME = "discovered_attributes"
QUERIES_PER_SHARD = 8
FLOAT32_BYTES = 4

DISCOVERED_MATCHES = TableSchema(
    "discovered_matches",
    "One row per image and region that discovery takes from a match: of `patches` of the reference alone, of "
    "`components` of both images.",
    (
        Column("split", TEXT, "of the image"),
        Column("image_id", TEXT, "of the image whose region it is"),
        Column("query", TEXT, "image id of the match's query"),
        Column("reference", TEXT, "image id of its reference"),
        Column("similarity", NUMBER, "of the two, -1 to 1"),
        Column("row", INTEGER, "position within this shard's array `vectors`"),
        Column("peak_y", NUMBER, "where the region is strongest, 0 top to 1 bottom"),
        Column("peak_x", NUMBER, "0 left to 1 right"),
        Column("votes", INTEGER, "of `patches`: maps of the query that peak in its most common cell", nullable=True),
        Column("share", NUMBER, "of `components`: of the match's positive joint effects", nullable=True),
    ),
)

DISCOVERED_CLUSTERS = TableSchema(
    "discovered_clusters",
    "One row per discovered attribute, the largest group first.",
    (
        Column("attribute", TEXT, "its name in every other table, such as `cluster-01`"),
        Column("position", INTEGER, "from 0"),
        Column("train_images", INTEGER, "that have it"),
        Column("valid_images", INTEGER, "likewise"),
        Column("test_images", INTEGER, "likewise"),
        Column("vectors", INTEGER, "of all splits that fall in it; 0 where images have none"),
        Column("spread", NUMBER, "root of the mean squared distance of these from its centre", nullable=True),
    ),
)

DISCOVERED_LABELS = TableSchema(
    "discovered_labels",
    "One row per image.",
    (
        Column("split", TEXT, "of the image"),
        Column("image_id", TEXT, "of the image"),
        Column("attributes", TEXTS, "discovered attributes that it has, in their order; often none"),
        Column(
            "likeness",
            TEXT,
            "group of whole images that it belongs to, the label of images that have none; null unless "
            "`dataset.attributes` is `discovered`",
            nullable=True,
        ),
    ),
)

DISCOVERED_MEMBERS = TableSchema(
    "discovered_members",
    "One row per vector that falls in a group: a region of an image, or with `full_frame` an image.",
    (
        Column("attribute", TEXT, "of the group"),
        Column("split", TEXT, "of the image"),
        Column("image_id", TEXT, "of the image"),
        Column("distance", NUMBER, "from the group's centre"),
        Column("peak_y", NUMBER, "where the region is strongest; null of whole images", nullable=True),
        Column("peak_x", NUMBER, "likewise", nullable=True),
    ),
)


def discovery_stages(settings: Settings) -> list[Stage]:
    """Return the stages of discovery; none where it is neither enabled nor the source of labels."""
    asked = settings.discovery
    if not asked.enabled and not settings.has_discovered_labels:
        return []
    of_matches, of_effects = asked.method in OF_MATCHES, asked.method in OF_EFFECTS
    return [
        *(neighbours_stage(settings, split) for split in SPLITS if of_matches),
        *(effects_stage(settings, split) for split in SPLITS if of_effects),
        *(_matches_stage(settings, split) for split in SPLITS if of_matches),
        _attributes_stage(settings),
    ]


def matches_name(split: str) -> str:
    """Return the stage instance of the regions that a split's matches rest on."""
    return f"discovered_matches.{split}"


def _matches_stage(settings: Settings, split: str) -> Stage:
    asked = settings.discovery
    named = ("kept", "crop_share") if asked.method == PATCHES else ("kept", "components", "smallest_share")
    values: dict[str, Any] = {"split": split, "method": asked.method, "cells": asked.cells}
    values |= {name: getattr(asked, name) for name in named}
    upstream: tuple[str, ...] = (neighbours_name(split), effects_name(split))
    if asked.method == PATCHES:
        # They are embedded; components are read off what is there.
        values |= {
            "seed": settings.seed,
            "image_size_px": settings.dataset.image_size_px,
            "precision": settings.compute.precision,
        }
        upstream = (*upstream, "images", "embeddings", "similarity_model")
    stage = Stage(
        matches_name(split),
        "flows.jobs.discovered_matches",
        values,
        embedding_code(settings.similarity_model) if asked.method == PATCHES else (),
        upstream,
        cut_matches,
        model_paths(settings.similarity_model) if asked.method == PATCHES else {},
        tables=(DISCOVERED_MATCHES,),
        costs=ShardCosts(_matches_work, _expected_matches),
    )
    return with_discovery_keys(stage)


def cut_matches(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of queries; each depends on its matches, their effects, and what it embeds."""
    split, is_of_patches = stage.settings["split"], stage.settings["method"] == PATCHES
    neighbours: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in upstream.rows(neighbours_name(split), "neighbours"):
        neighbours[row["query"]].append({name: row[name] for name in ("query", "reference", "similarity")})
    table = upstream.table(effects_name(split), "effect_rows")
    digest_of = dict(zip(table["image_id"].to_pylist(), table["effects_sha256"].to_pylist(), strict=True))
    effect_shards = upstream.shard_of_rows(effects_name(split), "effect_rows", "image_id")
    lookups = _patch_lookups(upstream, split) if is_of_patches else {}
    shards = []
    for queries in content_defined_shards(list(neighbours), average=QUERIES_PER_SHARD):
        pairs = [pair for query in queries for pair in neighbours[query]]
        images = sorted({pair[side] for pair in pairs for side in ("query", "reference")})
        inputs: dict[str, Any] = {
            "pairs": fingerprint([[pair["query"], pair["reference"], pair["similarity"]] for pair in pairs]),
            "effects": fingerprint([digest_of[image] for image in images]),
        }
        work: dict[str, Any] = {"pairs": pairs, "effect_shards": {image: effect_shards[image] for image in images}}
        if is_of_patches:
            inputs["model"] = upstream.part_digest("similarity_model", "model")
            inputs |= {
                name: fingerprint([digests[image] for image in images]) for name, (digests, _) in lookups.items()
            }
            work |= {f"{name}_shards": {image: keys[image] for image in images} for name, (_, keys) in lookups.items()}
        extent = ShardExtent(groups=tuple((query, len(neighbours[query])) for query in queries))
        shards.append(ShardPlan(group_label(queries), inputs, work, tuple(images), extent))
    return shards


def _patch_lookups(upstream: Upstream, split: str) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return, of pixels and embeddings, the digest of each image's and the shard that holds them."""
    table = upstream.table("embeddings", "image_embeddings", split)
    digests = dict(zip(table["image_id"].to_pylist(), table["embedding_sha256"].to_pylist(), strict=True))
    return {
        "image": (pixel_digests(upstream, split), upstream.shard_of_rows("images", "images", "image_id", split)),
        "embedding": (digests, upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", split)),
    }


def _expected_matches(stage: Stage, facts: Facts) -> list[ShardExtent]:
    images = [row["image_id"] for row in facts.rows(str(stage.settings["split"]))]
    groups = content_defined_shards(images, average=QUERIES_PER_SHARD)
    return [ShardExtent(groups=tuple((image, stage.settings["kept"]) for image in group)) for group in groups]


def _matches_work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    kept = sum(min(members, stage.settings["kept"]) for _, members in extent.groups)
    is_of_patches, length = stage.settings["method"] == PATCHES, facts.embedding_dim
    # Fewer where fewer maps peak in the most common cell.
    passes = kept if is_of_patches else 0
    vectors = kept * (1 if is_of_patches else stage.settings["components"])
    return Work(
        passes,
        rates={"forward_image": passes, "read_part": 2 * len(extent.groups)},
        array_bytes=None if length is None else FLOAT32_BYTES * vectors * length,
        is_upper_bound=True,
        loads_torch=is_of_patches,
    )


def _attributes_stage(settings: Settings) -> Stage:
    asked = settings.discovery
    named: tuple[str, ...] = ("method", "clusters")
    if asked.method not in (FACTORS, RANDOM):
        named = (*named, "clustering", "fitted")
        if asked.clustering == "hdbscan":
            named = (*named, "smallest_cluster")
    values: dict[str, Any] = {**{name: getattr(asked, name) for name in named}, "seed": settings.seed}
    reads: Reads = {"images": [["images", ["image_id"], split] for split in SPLITS]}
    for split in SPLITS:
        if asked.method in OF_MATCHES:
            reads[matches_name(split)] = [["matches", None, ""], ["vectors", None, ""]]
        elif asked.method == FACTORS:
            reads[effects_name(split)] = [["effects", None, ""], ["effect_rows", ["image_id"], ""]]
    if settings.has_discovered_labels:
        values["likeness"] = True
    if asked.method == FULL_FRAME or settings.has_discovered_labels:
        reads["embeddings"] = [["embeddings", None, split] for split in SPLITS]
    tables = (DISCOVERED_CLUSTERS, DISCOVERED_LABELS, DISCOVERED_MEMBERS)
    stage = single_shard_stage(NAME, "flows.jobs.discovered_attributes", values, reads, tables)
    return with_discovery_keys(stage)
