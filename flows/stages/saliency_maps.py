"""Saliency maps: those that supervise attributes, and each generator's maps of test pairs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages import negatives
from flows.stages.conditions import condition_values, has_attributes
from flows.stages.facts import Facts
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.perturbed_embeddings import are_kept, perturbed_name
from flows.stages.query_groups import chosen_pairs, model_inputs, parts_read, query_extents, query_groups
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import GENERATORS, map_passes, needs_negatives, negatives_of
from pipeline.saliency.declaration import FIXED, needs_reference_pixels
from pipeline.similarity.negatives import FEWEST
from stores.manifests import Commit
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

MAP_ROWS = TableSchema(
    "map_rows",
    "One row per pair: where its map lies in the shard's array.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("reference", TEXT, "image id"),
        Column("row", INTEGER, "query position x reference slots + slot, within this shard's array `maps`"),
        Column("map_sha256", TEXT, "digest of the map as stored"),
    ),
)

MAP_NOTES = TableSchema(
    "map_notes",
    "Figures that a generator notes of a map; none where it notes nothing. Of `mask`: "
    "`iterations`, the steps taken; `final_loss`, the loss of the last of them, before its "
    "step and with its noise; `loss_at_50`, `loss_at_100` and `loss_at_250`, the losses of "
    "earlier ones (the last where there were no more).",
    (
        Column("pair_id", TEXT, "pair"),
        Column("generator", TEXT, "generator"),
        Column("mode", TEXT, "its mode"),
        Column("note", TEXT, "what the figure is"),
        Column("value", NUMBER, "the figure"),
    ),
)


def saliency_stages(settings: Settings) -> list[Stage]:
    """Return the maps of training and validation pairs, and each generator's test maps."""
    supervision = settings.saliency.supervision
    # They supervise attribute models, or weigh explanations by attributes.
    supervised = ("train", "valid") if has_attributes(settings) else ()
    return [
        *(_maps_stage(settings, split, supervision, FIXED) for split in supervised),
        *(_maps_stage(settings, "test", generator, mode) for generator, mode in settings.saliency.generator_modes),
    ]


def shards_of_maps(upstream: Upstream, maps: str) -> Iterator[tuple[Commit, list[dict[str, Any]]]]:
    """Yield each shard of a stage of maps with its pairs: `pair_id`, `query`, and `row` within the shard's array."""
    rows = upstream.table(maps, "map_rows").select(["pair_id", "query", "row"]).to_pylist()
    start = 0
    for commit in upstream.commits(maps):
        stop = start + int(commit.parts["map_rows"].detail["rows"])
        yield commit, rows[start:stop]
        start = stop


def maps_name(split: str, generator: str, mode: str) -> str:
    """Return the stage instance of maps."""
    return f"saliency_maps.{split}.{generator}.{mode}"


def _maps_stage(settings: Settings, split: str, generator: str, mode: str) -> Stage:
    declared = GENERATORS[generator]
    size = settings.dataset.image_size_px
    shown = split == "test"
    values: dict[str, Any] = {
        "split": split,
        "generator": generator,
        "mode": mode,
        "seed": settings.seed,
        "image_size_px": size,
        # Test maps are shown and ranked pixel by pixel; the others only feed a 4 x 4 grid.
        "map_size_px": size if shown else max(size // 4, 4),
        "map_dtype": "float16" if shown else "float32",
        "precision": settings.compute.precision,
        "spec": generator_spec(settings, generator, mode, supervises=not shown),
        # The controls know no model and no conditions: a change of those leaves them current.
        **(condition_values(settings) if declared.knows_the_model else {}),
    }
    if shown:
        values |= chosen_pairs(settings, generator)
    contrasting = (negatives.STAGE,) if needs_negatives(generator, mode) else ()
    upstream = ("images", "similarity_model", "embeddings", f"pairs.{split}", *contrasting)
    if are_kept(settings, split, generator):
        values["perturbed"] = perturbed_name(split, generator)
        upstream = (*upstream, perturbed_name(split, generator))
    return Stage(
        maps_name(split, generator, mode),
        "flows.jobs.saliency_maps",
        values,
        (*embedding_code(settings.similarity_model), declared.module),
        upstream,
        cut_saliency_maps,
        model_paths(settings.similarity_model),
        tables=(MAP_ROWS, MAP_NOTES),
        keys=spec_keys(settings, generator, supervises=not shown),
        costs=ShardCosts(_work, query_extents()),
    )


def cut_saliency_maps(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return content-defined groups of queries, with their kept perturbed embeddings and their negatives, if any."""
    mode = stage.settings["mode"]
    model = model_inputs(upstream, stage)
    groups = query_groups(upstream, stage, stage.settings["split"], needs_reference_pixels(mode))
    contrasts = read_negatives(upstream, stage)
    kept = _kept_embeddings(upstream, stage)
    shards = []
    for group in groups:
        kept_inputs, kept_work = kept.get(group.label, ({}, {}))
        inputs: dict[str, Any] = {**model, **kept_inputs}
        work: dict[str, Any] = kept_work
        if contrasts is not None:
            inputs, work = contrasts.add_to(inputs, {**group.work, **work})
        shards.append(group.shard(inputs, work))
    return shards


def read_negatives(upstream: Upstream, stage: Stage) -> negatives.NegativesOfPairs | None:
    """Return the negatives of pairs for a stage of a generator in a mode; None where it contrasts with none."""
    count = negatives_of(stage.settings["generator"], stage.settings["mode"], stage.settings["spec"])
    return negatives.NegativesOfPairs(upstream, max(count, FEWEST)) if count else None


def _kept_embeddings(upstream: Upstream, stage: Stage) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Return inputs and work that each group's kept embeddings of perturbed queries add, by the group's label."""
    name = stage.settings.get("perturbed")
    commits = upstream.commits(name) if name else []
    return {
        commit.shard_label: (
            {"perturbed": commit.parts["embeddings"].digest},
            {"perturbed_shard": commit.shard_key},
        )
        for commit in commits
    }


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    settings = stage.settings
    counts = [count for _, count in extent.groups]
    side, itemsize = settings["map_size_px"], np.dtype(settings["map_dtype"]).itemsize
    are_there = "perturbed" in settings
    passes = map_passes(settings["generator"], settings["mode"], settings["spec"], counts, are_there)
    shows_references = needs_reference_pixels(settings["mode"])
    read = parts_read(extent, facts, settings["split"]) * (1 + shows_references) + 2 * are_there
    return Work(
        passes.forward,
        passes.gradient,
        rates={"forward_image": passes.forward, "gradient_image": passes.gradient, "read_part": read},
        array_bytes=itemsize * len(counts) * max(counts) * side**2,
        is_upper_bound=passes.is_upper_bound or not facts.images_are_certain,
        loads_torch=True,
    )
