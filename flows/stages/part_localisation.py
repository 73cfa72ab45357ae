"""Do maps find the parts that the attribute which answers is of? Where the dataset's release locates parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.parts import PARTS_STAGE, has_parts, part_locations_stage, part_values
from flows.stages.query_groups import chosen_pairs, extent_of, query_extents
from flows.stages.saliency_maps import maps_name, shards_of_maps
from flows.stages.user_keys import keys_in
from pipeline.datasets.catalogue import located_parts
from pipeline.datasets.parts import PartsInView, parts_in_view
from stores.fingerprints import fingerprint
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

PART_LOCALISATION = TableSchema(
    "part_localisation",
    "One row per test pair whose answer is an attribute of parts that the release locates: how well its map finds "
    "these parts on the query. Both measures are null where none of them can be seen.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "of the map"),
        Column("attribute", TEXT, "that answers"),
        Column(
            "auroc",
            NUMBER,
            "area under the ROC curve of the map against discs around the parts, 0 to 1; 0.5 is chance, ties count "
            "half",
            nullable=True,
        ),
        Column(
            "pointing_hit",
            NUMBER,
            "1 where the map's peak lies in a disc, 0 where not; of tied peaks the share that does",
            nullable=True,
        ),
        Column("region_share", NUMBER, "share of the image that the discs cover"),
    ),
)


def part_stages(settings: Settings) -> list[Stage]:
    """Return the stage of the parts' places, and of each generator and mode whether its maps find them."""
    if not has_parts(settings):
        return []
    shown = settings.saliency.generator_modes
    return [part_locations_stage(settings), *(_localisation_stage(settings, *key) for key in shown)]


def part_localisation_name(generator: str, mode: str) -> str:
    """Return the stage instance of how well a generator's maps find parts."""
    return f"part_localisation.{generator}.{mode}"


def _localisation_stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = maps_name("test", generator, mode)
    return Stage(
        part_localisation_name(generator, mode),
        "flows.jobs.part_localisation",
        {"maps": maps, "generator": generator, "mode": mode, **part_values(settings)},
        (),
        (maps, "answers", PARTS_STAGE, "images"),
        cut_part_localisation,
        # Which queries there are is in no key: the maps say it.
        item_limits=chosen_pairs(settings, generator),
        tables=(PART_LOCALISATION,),
        keys=keys_in("dataset", ("fit",)),
        costs=ShardCosts(_work, query_extents("test")),
    )


def cut_part_localisation(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of the maps; it depends on these, the answers of its pairs and their parts."""
    parts = _parts(upstream, stage)
    answers = upstream.table("answers", "answers").select(["pair_id", "attribute"]).to_pylist()
    attribute_of = {row["pair_id"]: row["attribute"] for row in answers}
    shards = []
    for commit, own in shards_of_maps(upstream, stage.settings["maps"]):
        pairs = _with_points(own, attribute_of, parts)
        inputs = {
            "maps": commit.parts["maps"].digest,
            "parts": fingerprint([list(pair.values()) for pair in pairs]),
        }
        work = {"pairs": pairs, "maps_shard": commit.shard_key}
        queries = tuple(sorted({pair["query"] for pair in own}))
        shards.append(ShardPlan(commit.shard_label, inputs, work, queries, extent_of(own)))
    return shards


def _parts(upstream: Upstream, stage: Stage) -> PartsInView:
    declared = located_parts(stage.settings["dataset"])
    images = upstream.table("images", "images", "test").select(["image_id", "width_px", "height_px"]).to_pylist()
    return parts_in_view(images, upstream.rows(PARTS_STAGE, "part_locations"), stage.settings["fit"], declared)


def _with_points(
    pairs: Sequence[Mapping[str, Any]], attribute_of: Mapping[str, str | None], parts: PartsInView
) -> list[dict[str, Any]]:
    """Return the pairs that an attribute of parts answers, each with it and the points of its parts."""
    found = []
    for pair in pairs:
        attribute = attribute_of[pair["pair_id"]]
        points = parts.of(pair["query"], attribute)
        if points is not None:
            found.append({**pair, "attribute": attribute, "points": [list(point) for point in points]})
    return found


def _work(_stage: Stage, _extent: ShardExtent, _facts: Facts) -> Work:
    return Work(rates={"read_part": 1}, is_upper_bound=True)
