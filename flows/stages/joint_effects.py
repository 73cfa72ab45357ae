"""What changing several attributes at once really does to the score: rendered items only."""

from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.query_groups import parts_read, query_extents
from flows.stages.true_effects import cut_true_effects, rendered
from flows.stages.user_model import embedding_code, model_paths
from stores.table_schema import INTEGER, NUMBER, TEXT, TEXTS, Column, TableSchema

NAME = "joint_effects.test"

JOINT_EFFECTS = TableSchema(
    "joint_effects",
    "One row per test pair and set of the query's attributes, every set but the empty one.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("attributes", TEXTS, "the set, in vocabulary order"),
        Column("size", INTEGER, "attributes in the set"),
        Column(
            "effect",
            NUMBER,
            "s(query, reference) - s(query with the whole set changed, reference), averaged over up to three draws of "
            "what its factors change to",
        ),
    ),
)


def joint_effects_stage(settings: Settings) -> Stage:
    """Return the stage that renders test queries again, with each set of their attributes changed."""
    return Stage(
        NAME,
        "flows.jobs.joint_effects",
        {"split": "test", "dataset": rendered(settings), "precision": settings.compute.precision},
        embedding_code(settings.similarity_model),
        ("images", "similarity_model", "embeddings", "pairs.test"),
        cut_true_effects,
        model_paths(settings.similarity_model),
        tables=(JOINT_EFFECTS,),
        keys={"dataset": "dataset"},
        costs=ShardCosts(_work, query_extents()),
    )


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    # What renders items is loaded where costs are asked for, not with every command.
    from pipeline.datasets.planted.joint_edits import edited_images

    passes = 0
    for query, _ in extent.groups:
        # A value of a factor has several edits, a part one.
        edits = [number for present, number in facts.measured_edits(stage.settings["dataset"], query) if present]
        passes += edited_images(sum(number > 1 for number in edits), sum(number == 1 for number in edits))
    read = parts_read(extent, facts, "test")
    return Work(
        passes,
        images=passes,
        rates={"prepared_image": passes, "forward_image": passes, "read_part": read},
        loads_torch=True,
    )
