"""Test maps judged by protocols that others use and that need no truth; only where they are asked for."""

from collections.abc import Collection
from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages import negatives
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.generator_spec import generator_spec, spec_keys
from flows.stages.query_groups import (
    MOST_MEASURED,
    chosen_pairs,
    chosen_queries,
    measured_queries,
    model_inputs,
    most_pairs,
    parts_read,
    query_extents,
    query_groups,
)
from flows.stages.saliency_maps import maps_name, read_negatives
from flows.stages.user_keys import keys_in
from flows.stages.user_model import embedding_code, model_paths
from pipeline.evaluation.map_protocols.protocol import Noise, judging_passes
from pipeline.saliency.catalogue import GENERATORS, map_passes, needs_negatives
from pipeline.saliency.declaration import needs_reference_pixels
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

MAP_PROTOCOLS = TableSchema(
    "map_protocols",
    "One row per test pair that has curves, where `evaluation.map_protocols` asks for it: measures that need no truth.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "of the map"),
        Column("gini", NUMBER, "Gini index of the sizes of the map's values: 0 all equal, near 1 all in one pixel"),
        Column(
            "faithfulness_correlation",
            NUMBER,
            "correlation of the saliency removed with the drop of the score over 100 random removals of half of an "
            "8 x 8 grid, alike for all generators; null where the score always drops alike",
            nullable=True,
        ),
        Column(
            "deletion_imputed",
            NUMBER,
            "area under the scores of 0, 10, ..., 90 % deleted pixels, filled in from their surroundings; scaled so "
            "that 1 is the query's score and 0 the blank image's; null where these are less than 0.02 apart; smaller "
            "is better",
            nullable=True,
        ),
        Column("deletion_blank", NUMBER, "the same with pixels of the canvas's colour", nullable=True),
        Column(
            "max_sensitivity",
            NUMBER,
            "largest change of the map, in lengths of the map, over 3 copies of the query with noise of at most 5 of "
            "255 levels; null for queries beyond `evaluation.sensitivity_queries`; smaller is steadier",
            nullable=True,
        ),
    ),
)

SENSITIVITY_QUERIES = "sensitivity_queries"


def map_protocols_stages(settings: Settings) -> list[Stage]:
    """Return a stage for each generator and mode of test maps; none where they are not asked for."""
    if not settings.evaluation.map_protocols:
        return []
    return [_stage(settings, generator, mode) for generator, mode in settings.saliency.generator_modes]


def map_protocols_name(generator: str, mode: str) -> str:
    """Return the stage instance of a generator's judged maps."""
    return f"map_protocols.{generator}.{mode}"


def _stage(settings: Settings, generator: str, mode: str) -> Stage:
    asked, maps = settings.evaluation, maps_name("test", generator, mode)
    values: dict[str, Any] = {
        "maps": maps,
        "generator": generator,
        "mode": mode,
        "spec": generator_spec(settings, generator, mode),
        "image_size_px": settings.dataset.image_size_px,
        "canvas": list(settings.dataset.canvas),
        "seed": settings.seed,
        "precision": settings.compute.precision,
        SENSITIVITY_QUERIES: asked.sensitivity_queries,
        **condition_values(settings),
        **chosen_pairs(settings, generator),
        **({} if asked.curve_pairs is None else {MOST_MEASURED: asked.curve_pairs}),
    }
    contrasting = (negatives.STAGE,) if needs_negatives(generator, mode) else ()
    return Stage(
        map_protocols_name(generator, mode),
        "flows.jobs.map_protocols",
        values,
        (*embedding_code(settings.similarity_model), GENERATORS[generator].module),
        ("images", "similarity_model", "embeddings", "pairs.test", *contrasting, maps),
        cut_map_protocols,
        model_paths(settings.similarity_model),
        tables=(MAP_PROTOCOLS,),
        keys=spec_keys(settings, generator) | keys_in("evaluation", (SENSITIVITY_QUERIES,)),
        costs=ShardCosts(_work, query_extents("test")),
    )


def cut_map_protocols(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of test maps that has pairs with curves; it names the queries that get noise."""
    groups = query_groups(upstream, stage, "test", needs_reference_pixels(stage.settings["mode"]))
    noisy = _noisy_queries([query for group in groups for query in group.queries], stage)
    contrasts = read_negatives(upstream, stage)
    commits = {commit.shard_label: commit for commit in upstream.commits(stage.settings["maps"])}
    model = model_inputs(upstream, stage)
    shards = []
    for group in groups:
        commit = commits[group.label]
        chosen = [query for query in group.queries if query in noisy]
        inputs: dict[str, Any] = {**model, "maps": commit.parts["maps"].digest, "noisy_queries": chosen}
        work: dict[str, Any] = {"maps_shard": commit.shard_key, "noisy_queries": chosen}
        if contrasts is not None:
            inputs, work = contrasts.add_to(inputs, {**group.work, **work})
        shards.append(group.shard(inputs, work))
    return shards


def _noisy_queries(queries: Collection[str], stage: Stage) -> frozenset[str]:
    """Return the queries whose noisy copies get maps: the first by their hashes, so that more keep what fewer had."""
    most = int(stage.settings[SENSITIVITY_QUERIES])
    return frozenset(chosen_queries(dict.fromkeys(queries, 1), most)) if most else frozenset()


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    settings = stage.settings
    counts = [count for _, count in extent.groups]
    shared = not GENERATORS[settings["generator"]].knows_the_model
    rankings = len(counts) if shared else sum(counts)
    noisy = _noisy_queries(_judged_queries(stage, facts), stage)
    copies = [count for query, count in extent.groups if query in noisy for _ in range(Noise.draws)]
    made = map_passes(settings["generator"], settings["mode"], settings["spec"], copies)
    passes = judging_passes(len(counts), rankings) + made.forward
    read = parts_read(extent, facts, "test") * (1 + needs_reference_pixels(settings["mode"]))
    return Work(
        passes,
        made.gradient,
        rates={"forward_image": passes, "gradient_image": made.gradient, "read_part": read},
        is_upper_bound=not facts.images_are_certain or rankings > len(counts) or made.is_upper_bound,
        loads_torch=True,
    )


def _judged_queries(stage: Stage, facts: Facts) -> frozenset[str]:
    counts = facts.queries("test")
    with_maps = chosen_queries(counts, most_pairs(stage))
    return measured_queries({query: counts[query] for query in with_maps}, stage)
