"""How faithful each generator's test maps are: insertion and deletion curves of every pair."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.generator_spec import spec_keys
from flows.stages.query_groups import chosen_pairs, model_inputs, parts_read, query_extents, query_groups
from flows.stages.saliency_maps import maps_name
from flows.stages.user_model import embedding_code, model_paths
from pipeline.saliency.catalogue import GENERATORS
from stores.table_schema import FLAG, NUMBER, NUMBERS, TEXT, Column, TableSchema

FAITHFULNESS = TableSchema(
    "faithfulness",
    "One row per test pair.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("generator", TEXT, "of the map"),
        Column("mode", TEXT, "always `fixed` today"),
        Column(
            "insertion_auc",
            NUMBER,
            "area under the insertion curve after scaling it to its own range, 0 to 1; 0.5 where flat; "
            "larger is better",
        ),
        Column("deletion_auc", NUMBER, "likewise for deletion; smaller is better"),
        Column(
            "insertion_auc_anchored",
            NUMBER,
            "area under the curve scaled by the blank and the full score, unclipped; NaN where those "
            "two are less than 0.02 apart",
        ),
        Column("deletion_auc_anchored", NUMBER, "likewise for deletion"),
        Column("insertion_curve", NUMBERS, "101 scores from the blank to the full image"),
        Column("deletion_curve", NUMBERS, "101 scores from the full to the blank image"),
        Column("is_constant", FLAG, "all values of the map are equal"),
        Column("insertion_is_flat", FLAG, "the curve's range is below 0.0001"),
        Column("deletion_is_flat", FLAG, "likewise"),
        Column(
            "map_change",
            NUMBER,
            "1 - the mean rank correlation (Spearman, over at most 14 x 14 cells) of the map with the "
            "query's maps for its other references; 0: the reference does not matter, about 1: "
            "unrelated; null with one reference",
            nullable=True,
        ),
    ),
)

# Insertion and deletion: 99 steps each between the ends, which are two passes more and shared by all rankings.
PASSES_PER_RANKING = 198
PASSES_OF_ENDS = 2


def faithfulness_stages(settings: Settings) -> list[Stage]:
    """Return a stage for each generator and mode of test maps."""
    return [_stage(settings, generator, mode) for generator, mode in settings.saliency.generator_modes]


def faithfulness_name(generator: str, mode: str) -> str:
    """Return the stage instance of a generator's curves."""
    return f"faithfulness.{generator}.{mode}"


def _stage(settings: Settings, generator: str, mode: str) -> Stage:
    maps = maps_name("test", generator, mode)
    values = {
        "maps": maps,
        "generator": generator,
        "mode": mode,
        "canvas": list(settings.dataset.canvas),
        "seed": settings.seed,
        "precision": settings.compute.precision,
        **condition_values(settings),
        **chosen_pairs(settings, generator),
    }
    return Stage(
        faithfulness_name(generator, mode),
        "flows.jobs.faithfulness",
        values,
        embedding_code(settings.similarity_model),
        ("images", "similarity_model", "embeddings", "pairs.test", maps),
        cut_faithfulness,
        model_paths(settings.similarity_model),
        tables=(FAITHFULNESS,),
        keys=spec_keys(settings, generator),
        costs=ShardCosts(_work, query_extents("test")),
    )


def cut_faithfulness(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of test maps."""
    by_label = {group.label: group for group in query_groups(upstream, stage, "test")}
    model = model_inputs(upstream, stage)
    return [
        by_label[commit.shard_label].shard(
            {**model, "maps": commit.parts["maps"].digest}, {"maps_shard": commit.shard_key}
        )
        for commit in upstream.commits(stage.settings["maps"])
    ]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    counts = [count for _, count in extent.groups]
    shared = not GENERATORS[stage.settings["generator"]].knows_the_model
    rankings = len(counts) if shared else sum(counts)
    passes = PASSES_OF_ENDS * len(counts) + PASSES_PER_RANKING * rankings
    return Work(
        passes,
        rates={"forward_image": passes, "read_part": parts_read(extent, facts, "test")},
        # Two maps of a query that happen to rank all pixels alike share their passes.
        is_upper_bound=not facts.images_are_certain or rankings > len(counts),
        loads_torch=True,
    )
