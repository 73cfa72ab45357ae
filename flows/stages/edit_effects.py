"""What edits of a whole item do to scores: of rendered items, and of photographs on white ground."""

from dataclasses import asdict
from typing import Any

from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_values
from flows.stages.facts import Facts
from flows.stages.query_groups import model_inputs, parts_read, query_extents, query_groups
from flows.stages.true_effects import rendered
from flows.stages.user_model import embedding_code, model_paths
from pipeline.evaluation.recolouring.edit_kinds import WholeEdit
from stores.fingerprints import fingerprint
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

EDIT_EFFECTS_STAGE = "edit_effects.test"
# Attributes of rendered items that are colours of the item.
RENDERED_COLOURS = ("body_colour:", "trim_colour:")

EDIT_EFFECTS = TableSchema(
    "edit_effects",
    "One row per test pair and edit of its query as a whole.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column(
            "edit", TEXT, "`greyscale`: the item in greys; `mirrored`: left to right; `background`: on another ground"
        ),
        Column(
            "effect",
            NUMBER,
            "s(query, reference) - s(edited query, reference); null where the edit was not made",
            nullable=True,
        ),
        Column("reason", TEXT, "why the edit was not made; null where it was", nullable=True),
    ),
)

EDITED_ITEMS = TableSchema(
    "edited_items",
    "One row per query with edits, in the order of the array `pixels`, which holds one of them.",
    (
        Column("query", TEXT, "image id"),
        Column("edit", TEXT, "the one that is kept, drawn from those made"),
    ),
)


def measures_whole_edits(settings: Settings) -> bool:
    """Return whether items of the dataset can be cut from their ground, or rendered so."""
    declared = settings.dataset.declared
    return declared.is_audited or declared.colours is not None


def colour_prefixes(settings: Settings) -> list[str]:
    """Return what names of attributes begin with that are colours of the item."""
    colours = settings.dataset.declared.colours
    return list(RENDERED_COLOURS) if colours is None else [colours.prefix]


def edit_effects_stage(settings: Settings) -> Stage:
    """Return the stage that edits the queries of test pairs as a whole."""
    declared = settings.dataset.declared
    items: dict[str, Any] = (
        {"dataset": rendered(settings)}
        if declared.colours is None
        else {"types": list(asdict(declared.colours)["types"])}
    )
    return Stage(
        EDIT_EFFECTS_STAGE,
        "flows.jobs.edit_effects",
        {
            "split": "test",
            **items,
            "precision": settings.compute.precision,
            "seed": settings.seed,
            **condition_values(settings),
        },
        embedding_code(settings.similarity_model),
        ("images", "similarity_model", "embeddings", "pairs.test"),
        cut_edit_effects,
        model_paths(settings.similarity_model),
        tables=(EDIT_EFFECTS, EDITED_ITEMS),
        keys={"dataset": "dataset"},
        costs=ShardCosts(_work, query_extents()),
    )


def cut_edit_effects(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return the groups of queries that maps are cut into; of photographs each with those of a type that is edited."""
    model = model_inputs(upstream, stage)
    groups = query_groups(upstream, stage, "test")
    if "types" not in stage.settings:
        return [group.shard(model, {}) for group in groups]
    images = upstream.table("images", "images", "test")
    label_of = dict(zip(images["image_id"].to_pylist(), images["label"].to_pylist(), strict=True))
    shards = []
    for group in groups:
        editable = [query for query in group.queries if label_of[query] in stage.settings["types"]]
        shards.append(group.shard({**model, "editable": fingerprint(editable)}, {"editable": editable}))
    return shards


def _work(stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    types = stage.settings.get("types")
    label_of = {row["image_id"]: row["label"] for row in facts.rows("test")}
    edited = sum(types is None or label_of[query] in types for query, _ in extent.groups)
    # The item as it is, and its edits, of which not all may be made.
    passes = edited * (1 + len(WholeEdit))
    rates = {"prepared_image": passes, "forward_image": passes, "read_part": parts_read(extent, facts, "test")}
    return Work(passes, images=passes, rates=rates, is_upper_bound=True, loads_torch=True)
