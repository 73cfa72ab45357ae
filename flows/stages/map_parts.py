"""How maps treat every part of rendered items, whose true effects and regions are known; only where asked for."""

from collections import defaultdict
from typing import Any

import numpy as np

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.query_groups import chosen_pairs, extent_of, group_label, pairs_of_groups, query_extents
from flows.stages.saliency_maps import maps_name, shards_of_maps
from flows.stages.true_effects import rendered, true_effects_name
from pipeline.evaluation.audit.outcomes import effect_floor
from stores.fingerprints import fingerprint
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

ATTRIBUTE_REGION_ROWS = TableSchema(
    "attribute_region_rows",
    "One row per test query of planted data and attribute that it has: where its region lies in the shard's array.",
    (
        Column("query", TEXT, "image id"),
        Column("attribute", TEXT, "name"),
        Column("row", INTEGER, "position within this shard's array `regions`"),
        Column("region_share", NUMBER, "share of the image that changes under any edit of the attribute"),
    ),
)

MAP_PARTS = TableSchema(
    "map_parts",
    "One row per test pair of planted data, where `evaluation.map_protocols` asks for them: how its map treats the "
    "attributes of the query. Mass: the share of the map's positive values.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "of the map"),
        Column(
            "mass_rank_correlation",
            NUMBER,
            "Spearman's correlation, over all attributes of the query, of the mass in their regions with their true "
            "effects; null for fewer than 3 attributes",
            nullable=True,
        ),
        Column(
            "mass_without_effect",
            NUMBER,
            "mass on pixels that belong only to attributes whose effect is within the audit's noise floor; null where "
            "there are none",
            nullable=True,
        ),
        Column(
            "relevance_mass_accuracy",
            NUMBER,
            "mass in the region of the truly best attribute; null where it is empty or above half of the image",
            nullable=True,
        ),
        Column(
            "relevance_rank_accuracy",
            NUMBER,
            "share of that region among as many of the most salient pixels; null likewise",
            nullable=True,
        ),
    ),
)

TARGET_SENSITIVITY = TableSchema(
    "target_sensitivity",
    "One row per two test pairs of planted data with one query and different truly best attributes, both above the "
    "noise floor: does mass move from one attribute's region to the other's?",
    (
        Column("pair_id", TEXT, "of the one pair"),
        Column("other_pair_id", TEXT, "of the other"),
        Column("generator", TEXT, "of the maps"),
        Column("mode", TEXT, "of the maps"),
        Column("attribute", TEXT, "truly best for the one pair"),
        Column("other_attribute", TEXT, "truly best for the other"),
        Column(
            "moved_mass",
            NUMBER,
            "mass in the first region minus mass in the other, of the one map, minus the same of the other map, -2 to "
            "2; null where a region lies within the other",
            nullable=True,
        ),
        Column("is_right_move", NUMBER, "1 where that is positive, 0.5 where it is 0, else 0", nullable=True),
    ),
)

EFFECTS = true_effects_name("test")
REGIONS = "attribute_regions.test"


def map_parts_stages(settings: Settings) -> list[Stage]:
    """Return the regions of all attributes, and a stage for each generator and mode; none where not asked for."""
    if not settings.evaluation.map_protocols:
        return []
    return [
        _regions_stage(settings),
        *(_parts_stage(settings, generator, mode) for generator, mode in settings.saliency.generator_modes),
    ]


def map_parts_name(generator: str, mode: str) -> str:
    """Return the stage instance of what a generator's maps give to parts."""
    return f"map_parts.{generator}.{mode}"


def _regions_stage(settings: Settings) -> Stage:
    return Stage(
        REGIONS,
        "flows.jobs.attribute_regions",
        {"dataset": rendered(settings)},
        (),
        ("pairs.test",),
        cut_attribute_regions,
        tables=(ATTRIBUTE_REGION_ROWS,),
        keys={"dataset": "dataset"},
        costs=ShardCosts(_regions_work, query_extents("test", with_references=False)),
    )


def cut_attribute_regions(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the groups of queries; items are rendered from their ids, so that these alone count."""
    shards = []
    for queries, _ in pairs_of_groups(upstream, stage, "test"):
        extent = ShardExtent(groups=tuple((query, 0) for query in queries))
        work = {"queries": queries}
        label = group_label(queries)
        shards.append(ShardPlan(label, {"queries": fingerprint(queries)}, work, tuple(sorted(queries)), extent))
    return shards


def _regions_work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    images = 0
    for query, _ in extent.groups:
        measured = facts.measured_edits(stage.settings["dataset"], query)
        # The query and its edits, for each attribute.
        images += sum(1 + edits for present, edits in measured if present)
    return Work(images=images, rates={"prepared_image": images})


def _parts_stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = maps_name("test", generator, mode)
    return Stage(
        map_parts_name(generator, mode),
        "flows.jobs.map_parts",
        {"maps": maps, "generator": generator, "mode": mode},
        (),
        (maps, EFFECTS, REGIONS),
        cut_map_parts,
        # Which queries there are is in no key: the maps say it.
        item_limits=chosen_pairs(settings, generator),
        tables=(MAP_PARTS, TARGET_SENSITIVITY),
        costs=ShardCosts(_parts_work, query_extents("test")),
    )


def cut_map_parts(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of the maps: it depends on these, the effects of its pairs and their regions."""
    effects, floor = _effects_of_pairs(upstream), _floor(upstream)
    region_shards = upstream.shard_of_rows(REGIONS, "attribute_region_rows", "query")
    digests = {commit.shard_key: commit.parts["regions"].digest for commit in upstream.commits(REGIONS)}
    shards = []
    for commit, own in shards_of_maps(upstream, stage.settings["maps"]):
        pairs = [{**pair, "effects": effects[pair["pair_id"]]} for pair in own]
        queries = sorted({pair["query"] for pair in pairs})
        of_queries = {query: region_shards[query] for query in queries}
        inputs = {
            "maps": commit.parts["maps"].digest,
            "effects": fingerprint([floor, *(list(pair.values()) for pair in pairs)]),
            "regions": fingerprint([digests[key] for key in dict.fromkeys(of_queries.values())]),
        }
        work = {"pairs": pairs, "floor": floor, "maps_shard": commit.shard_key, "region_shards": of_queries}
        shards.append(ShardPlan(commit.shard_label, inputs, work, tuple(queries), extent_of(pairs)))
    return shards


def _effects_of_pairs(upstream: Upstream) -> dict[str, dict[str, float]]:
    """Return the effect of each attribute that the query has, by pair."""
    table = upstream.table(EFFECTS, "true_effects")
    columns = [table[name].to_pylist() for name in ("pair_id", "attribute", "present", "effect")]
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for pair_id, attribute, present, effect in zip(*columns, strict=True):
        if present:
            found[pair_id][attribute] = effect
    return found


def _floor(upstream: Upstream) -> float:
    return effect_floor(np.asarray(upstream.table(EFFECTS, "null_effects")["effect"].to_numpy()))


def _parts_work(_stage: Stage, extent: ShardExtent, _facts: Any) -> Work:
    return Work(rates={"read_part": 2 + len(extent.groups)})
