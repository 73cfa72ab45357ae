"""What changing an attribute really does to the score: rendered items only."""

from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.query_groups import model_inputs, parts_read, query_extents, query_groups
from flows.stages.user_model import embedding_code, model_paths
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

TRUE_EFFECTS = TableSchema(
    "true_effects",
    "One row per pair and attribute that can be edited in the query.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "name"),
        Column("present", FLAG, "the query has it"),
        Column(
            "effect",
            NUMBER,
            "s(query, reference) - s(edited query, reference), averaged over the edits that measure "
            "the attribute: positive where it matters",
        ),
        Column("effect_angle", NUMBER, "the same difference in angles between embeddings, rad"),
        Column("group", INTEGER, "number of its factor; -1 for an attribute of its own"),
        Column("is_driver", FLAG, "the planted similarity depends on it"),
        Column("in_reference", FLAG, "the reference has it"),
    ),
)

NULL_EFFECTS = TableSchema(
    "null_effects",
    "One row per pair and edit of equally many background pixels; they set the audit's noise floor.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("effect", NUMBER, "s(query, reference) - s(query with recoloured background pixels, reference)"),
    ),
)


def true_effects_stage(settings: Settings, split: str) -> Stage:
    """Return the stage that renders a split's queries again, each with one attribute changed."""
    return Stage(
        true_effects_name(split),
        "flows.jobs.true_effects",
        {"split": split, "dataset": rendered(settings), "precision": settings.compute.precision},
        embedding_code(settings.similarity_model),
        ("vocabulary", "images", "similarity_model", "embeddings", f"pairs.{split}"),
        cut_true_effects,
        model_paths(settings.similarity_model),
        tables=(TRUE_EFFECTS, NULL_EFFECTS),
        keys={"dataset": "dataset"},
        costs=ShardCosts(_work, query_extents()),
    )


def true_effects_name(split: str) -> str:
    """Return the stage instance of a split's true effects."""
    return f"true_effects.{split}"


def rendered(settings: Settings) -> dict[str, Any]:
    """Return what it takes to render a planted item again, and what its similarity depends on."""
    return settings.dataset.model_dump(include=set(settings.dataset.declared.pixel_settings) - {"kind"})


def cut_true_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the groups of queries that maps are cut into; rendering again needs the model but no maps."""
    model = model_inputs(upstream, stage)
    return [group.shard(model, {}) for group in query_groups(upstream, stage, stage.settings["split"])]


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    passes = 0
    for query, _ in extent.groups:
        measured = facts.measured_edits(stage.settings["dataset"], query)
        # The item as it is, each edit, and for each present attribute a null edit of the background.
        passes += 1 + sum(edits for _, edits in measured) + sum(present for present, _ in measured)
    read = parts_read(extent, facts, stage.settings["split"])
    return Work(
        passes,
        images=passes,
        rates={"prepared_image": passes, "forward_image": passes, "read_part": read},
        loads_torch=True,
    )
