"""How faithful each generator's test maps are: insertion and deletion curves of every pair."""

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.generator_spec import spec_keys
from flows.stages.query_groups import (
    MOST_MEASURED,
    chosen_pairs,
    model_inputs,
    parts_read,
    query_extents,
    query_groups,
)
from flows.stages.saliency_maps import maps_name
from flows.stages.user_keys import keys_in
from flows.stages.user_model import embedding_code, model_paths
from pipeline.evaluation.curves import CURVE_STEPS
from pipeline.saliency.catalogue import GENERATORS
from stores.table_schema import FLAG, NUMBER, NUMBERS, TEXT, Column, TableSchema

FAITHFULNESS = TableSchema(
    "faithfulness",
    "One row per test pair that has curves.",
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
        Column(
            "insertion_curve",
            NUMBERS,
            "scores from the blank to the full image: one more than `evaluation.curve_steps`",
        ),
        Column("deletion_curve", NUMBERS, "as many from the full to the blank image"),
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

# Blank and full image, which are shared by all rankings.
PASSES_OF_ENDS = 2


def faithfulness_stages(settings: Settings) -> list[Stage]:
    """Return a stage for each generator and mode of test maps; none where curves are off."""
    if not settings.evaluation.curves:
        return []
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
        **_curve_values(settings),
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
        keys=spec_keys(settings, generator) | keys_in("evaluation", ("curve_steps",)),
        costs=ShardCosts(_work, query_extents("test")),
    )


def _curve_values(settings: Settings) -> dict[str, int]:
    """Return what is asked of curves beside the default, so that the keys of those made by default stay."""
    asked = settings.evaluation
    pairs = {} if asked.curve_pairs is None else {MOST_MEASURED: asked.curve_pairs}
    return {**pairs, **({} if asked.curve_steps == CURVE_STEPS else {"curve_steps": asked.curve_steps})}


def curve_steps(stage: Stage) -> int:
    """Return the steps of the curves of a stage."""
    return int(stage.settings.get("curve_steps", CURVE_STEPS))


def cut_faithfulness(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard for each shard of test maps that has pairs with curves."""
    by_label = {group.label: group for group in query_groups(upstream, stage, "test")}
    model = model_inputs(upstream, stage)
    return [
        by_label[commit.shard_label].shard(
            {**model, "maps": commit.parts["maps"].digest}, {"maps_shard": commit.shard_key}
        )
        for commit in upstream.commits(stage.settings["maps"])
        if commit.shard_label in by_label
    ]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    counts = [count for _, count in extent.groups]
    shared = not GENERATORS[stage.settings["generator"]].knows_the_model
    rankings = len(counts) if shared else sum(counts)
    # Insertion and deletion each make the images between the ends.
    passes = PASSES_OF_ENDS * len(counts) + 2 * (curve_steps(stage) - 1) * rankings
    return Work(
        passes,
        rates={"forward_image": passes, "read_part": parts_read(extent, facts, "test")},
        # Two maps of a query that happen to rank all pixels alike share their passes.
        is_upper_bound=not facts.images_are_certain or rankings > len(counts),
        loads_torch=True,
    )
