"""The first step of discovery: each query's nearest images, and what each cell of an image does to its embedding."""

from dataclasses import replace
from typing import Any

from flows.engine.content_shards import content_defined_shards
from flows.engine.cuts import Reads
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts
from flows.settings.configuration import Settings
from flows.settings.discovery import DiscoverySettings
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.masked_images import (
    IMAGES_PER_SHARD,
    RISE,
    MaskedImages,
    expected_masked_images,
    masked_images_work,
)
from flows.stages.perturbed_embeddings import are_kept, perturbed_name
from flows.stages.query_groups import group_label
from flows.stages.reads import single_shard_stage
from flows.stages.user_keys import keys_in
from flows.stages.user_model import embedding_code, model_paths
from pipeline.discovery.methods import OF_MATCHES
from pipeline.saliency.declaration import FIXED
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

DISCOVERY_NEIGHBOURS = TableSchema(
    "discovery_neighbours",
    "One row per query of discovery and image that is among the most alike to it.",
    (
        Column("split", TEXT, "of both images"),
        Column("query", TEXT, "image id"),
        Column("reference", TEXT, "image id"),
        Column("place", INTEGER, "1 for the most alike"),
        Column("similarity", NUMBER, "cosine of the general embeddings, -1 to 1"),
    ),
)

DISCOVERY_EFFECT_ROWS = TableSchema(
    "discovery_effect_rows",
    "One row per image whose cells are measured for discovery.",
    (
        Column("split", TEXT, "of the image"),
        Column("image_id", TEXT, "of the image"),
        Column("row", INTEGER, "position within this shard's array `effects`"),
        Column("effects_sha256", TEXT, "digest of its effects as stored"),
    ),
)


def neighbours_name(split: str) -> str:
    """Return the stage instance of the nearest images of a split's queries."""
    return f"discovery_neighbours.{split}"


def effects_name(split: str) -> str:
    """Return the stage instance of the effects of a split's images."""
    return f"discovery_effects.{split}"


def neighbours_stage(settings: Settings, split: str) -> Stage:
    """Return the stage that finds the images nearest to each query of a split."""
    asked = settings.discovery
    values = {
        "split": split,
        "queries": asked.queries,
        "neighbours": asked.neighbours,
        **({} if asked.queries is None else {"seed": settings.seed}),
    }
    reads: Reads = {
        "images": [["images", ["image_id", "pixels_sha256"], split]],
        "embeddings": [["embeddings", None, split]],
    }
    stage = single_shard_stage(
        neighbours_name(split), "flows.jobs.discovery_neighbours", values, reads, (DISCOVERY_NEIGHBOURS,)
    )
    return with_discovery_keys(stage)


def with_discovery_keys(stage: Stage) -> Stage:
    """Return the stage with the user's keys of settings that are called as in their section."""
    keys = {**keys_in("discovery", DiscoverySettings.model_fields), "likeness": "dataset.attributes"}
    return replace(stage, keys={**stage.keys, **keys})


def effects_stage(settings: Settings, split: str) -> Stage:
    """Return the stage that passes each image of a split's matches, or of the whole split, under RISE's masks once."""
    supervises = split != "test"
    values: dict[str, Any] = {
        "split": split,
        "spec": generator_spec(settings, RISE, FIXED, supervises=supervises),
        "cells": settings.discovery.cells,
        "seed": settings.seed,
        "image_size_px": settings.dataset.image_size_px,
        "precision": settings.compute.precision,
    }
    upstream: tuple[str, ...] = ("images", "similarity_model")
    if settings.discovery.method in OF_MATCHES:
        upstream = (*upstream, neighbours_name(split))
    if has_kept_passes(settings, split):
        values["perturbed"] = perturbed_name(split, RISE)
        upstream = (*upstream, values["perturbed"])
    return Stage(
        effects_name(split),
        "flows.jobs.discovery_effects",
        values,
        embedding_code(settings.similarity_model),
        upstream,
        cut_effects,
        model_paths(settings.similarity_model),
        tables=(DISCOVERY_EFFECT_ROWS,),
        keys={**spec_keys(settings, RISE, supervises=supervises), "cells": "discovery.cells"},
        costs=ShardCosts(masked_images_work, expected_masked_images),
    )


def has_kept_passes(settings: Settings, split: str) -> bool:
    """Return whether a split's queries were passed under RISE's masks and their embeddings kept."""
    if settings.has_discovered_labels:
        return False  # pairs, and what is passed for them, come after labels
    made = [settings.saliency.supervision] if split != "test" else settings.saliency.generators
    return RISE in made and are_kept(settings, split, RISE)


def cut_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of images; each depends on its pixels and the model."""
    masked, model = MaskedImages(upstream, stage), upstream.part_digest("similarity_model", "model")
    shards = []
    for images in content_defined_shards(_images(upstream, stage, list(masked.pixels)), average=IMAGES_PER_SHARD):
        inputs = {**masked.inputs(images), "model": model}
        work = {"images": images, **masked.work(images)}
        extent = masked.extent(images, len(images))
        shards.append(ShardPlan(group_label(images), inputs, work, tuple(images), extent))
    return shards


def _images(upstream: Upstream, stage: Stage, every_image: list[str]) -> list[str]:
    """Return the images of the matches, or of the whole split where no match is looked at."""
    name = neighbours_name(stage.settings["split"])
    if name not in stage.upstream:
        return every_image
    table = upstream.table(name, "neighbours")
    return sorted({*table["query"].to_pylist(), *table["reference"].to_pylist()})
