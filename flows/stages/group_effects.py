"""What the answer's whole group of attributes does to the score, where labels cannot tell its members apart."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads, has_outfits
from flows.stages.reads import pair_reads, single_shard_stage
from flows.stages.replacements import effects_read, has_sparse_labels
from stores.table_schema import FLAG, INTEGER, NUMBER, TEXT, Column, TableSchema

NAME = "group_effects.test"

ANSWER_GROUPS = TableSchema(
    "answer_groups",
    "One row per test pair: the matched effect of the answer's whole group beside that of the attribute alone.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("attribute", TEXT, "that answers; null where no attribute does", nullable=True),
        Column("group_name", TEXT, "of its group, see `attribute_groups`; null where it is in none", nullable=True),
        Column("members", INTEGER, "attributes in the group", nullable=True),
        Column("query_has_group", FLAG, "the query has at least half of them", nullable=True),
        Column(
            "attribute_effect",
            NUMBER,
            "matched effect of the attribute, as a drop; null where nothing can replace it",
            nullable=True,
        ),
        Column(
            "group_effect",
            NUMBER,
            "the same of the group: replacements that lack it against as distant ones that keep it; 0 where the query "
            "lacks it",
            nullable=True,
        ),
        Column("predicted_group_effect", NUMBER, "drop that the direction of the whole group predicts", nullable=True),
        Column(
            "largest_group",
            TEXT,
            "of the groups that the query has, the one whose direction predicts the largest drop",
            nullable=True,
        ),
        Column("largest_group_effect", NUMBER, "its matched effect, as a drop", nullable=True),
    ),
)


def group_effects_stage(settings: Settings) -> Stage:
    """Return the stage that measures groups of attributes on test pairs."""
    models = settings.replacement_models
    reads: Reads = {**pair_reads("test"), **condition_reads(settings), **effects_read("test")}
    columns = ["image_id", "label", "attributes"]
    reads["images"] = [["images", columns, "train"], ["images", [*columns, "pixels_sha256"], "test"]]
    reads["embeddings"] = [["embeddings", None, split] for split in ("train", "test")]
    reads |= {f"attribute_scores.{model}": [["scores", None, "test"]] for model in models}
    reads["attribute_groups"] = [["attribute_groups", None, ""], ["label_separability", None, ""]]
    reads["answers"] = [["answers", ["pair_id", "attribute"], ""]]
    values = {
        "replacements": settings.evaluation.replacements,
        "replacement_models": models,
        **({"within_type": True} if has_outfits(settings) else {}),
        **({"sparse_labels": True} if has_sparse_labels(settings) else {}),
    }
    return single_shard_stage(NAME, "flows.jobs.group_effects", values, reads, (ANSWER_GROUPS,))
