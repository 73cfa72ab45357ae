"""Whether maps find the region of the truly best attribute: rendered items only."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.query_groups import chosen_pairs, extent_of, query_extents
from flows.stages.saliency_maps import maps_name, shards_of_maps
from flows.stages.true_effects import rendered, true_effects_name
from stores.fingerprints import fingerprint
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

MAP_LOCALISATION = TableSchema(
    "map_localisation",
    "One row per test pair of planted data: how well its map finds the pixels of the query "
    "that change under any edit of the truly best attribute. Both measures are null where that "
    "region is empty or above half of the image.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "of the map"),
        Column(
            "attribute",
            TEXT,
            "the truly best attribute: of those that the query has, the one with the largest "
            "`true_effects.effect`; the first of equals",
        ),
        Column(
            "auroc",
            NUMBER,
            "area under the ROC curve of the map against the region, 0 to 1; 0.5 is chance, ties count half",
            nullable=True,
        ),
        Column(
            "pointing_hit",
            NUMBER,
            "1 where the map's peak lies in the region, 0 where not; of tied peaks the share that does",
            nullable=True,
        ),
        Column("region_share", NUMBER, "share of the image that the region covers", nullable=True),
    ),
)

EFFECTS = true_effects_name("test")


def localisation_stages(settings: Settings) -> list[Stage]:
    """Return a stage for each generator and mode of test maps."""
    return [_stage(settings, generator, mode) for generator, mode in settings.saliency.generator_modes]


def _stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = maps_name("test", generator, mode)
    return Stage(
        f"map_localisation.{generator}.{mode}",
        "flows.jobs.map_localisation",
        {"maps": maps, "generator": generator, "mode": mode, "dataset": rendered(settings)},
        (),
        (maps, EFFECTS),
        cut_map_localisation,
        # Which queries there are is in no key: the maps say it.
        item_limits=chosen_pairs(settings, generator),
        tables=(MAP_LOCALISATION,),
        keys={"dataset": "dataset"},
        costs=ShardCosts(_work, query_extents("test")),
    )


def cut_map_localisation(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of the maps; it depends on these and on which attribute of each pair is best.

    Effects that change without changing which is largest leave a shard as it is.
    """
    best = best_attributes(upstream)
    shards = []
    for commit, own in shards_of_maps(upstream, stage.settings["maps"]):
        pairs = [{**pair, "attribute": best[pair["pair_id"]]} for pair in own]
        inputs = {
            "maps": commit.parts["maps"].digest,
            "best_attributes": fingerprint([list(pair.values()) for pair in pairs]),
        }
        work = {"pairs": pairs, "maps_shard": commit.shard_key}
        queries = tuple(sorted({pair["query"] for pair in pairs}))
        shards.append(ShardPlan(commit.shard_label, inputs, work, queries, extent_of(pairs)))
    return shards


def best_attributes(upstream: Upstream) -> dict[str, str]:
    """Return each test pair's truly best attribute: of those that the query has, the one with the largest effect.

    The first of equals, in the order of the vocabulary.
    """
    table = upstream.table(EFFECTS, "true_effects")
    columns = [table[name].to_pylist() for name in ("pair_id", "attribute", "present", "effect")]
    best: dict[str, tuple[float, str]] = {}
    for pair_id, attribute, present, effect in zip(*columns, strict=True):
        if present and (pair_id not in best or effect > best[pair_id][0]):
            best[pair_id] = (effect, attribute)
    return {pair_id: attribute for pair_id, (_, attribute) in best.items()}


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    images = 0
    for query, references in extent.groups:
        measured = facts.measured_edits(stage.settings["dataset"], query)
        # The query and its edits, for the attribute of each reference that is best: which one is not known yet.
        most_expensive = sorted((1 + edits for present, edits in measured if present), reverse=True)
        images += sum(most_expensive[:references])
    return Work(images=images, rates={"prepared_image": images, "read_part": 1}, is_upper_bound=True)
