"""Effects of replacing a query by its nearest neighbour without an attribute."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads, has_outfits
from flows.stages.reads import pair_reads, single_shard_stage
from stores.table_schema import NUMBER, TEXT, TEXTS, Column, TableSchema

REPLACEMENTS = TableSchema(
    "replacements",
    "One row per pair and attribute.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "the attribute removed"),
        Column("kind", TEXT, "always `removal` today"),
        Column(
            "effect",
            NUMBER,
            "s(replacement, reference) - s(query, reference): a drop is negative; 0 where the query "
            "lacks the attribute; null where no replacement exists",
            nullable=True,
        ),
        Column("reason", TEXT, "`query_lacks` or `none_found`; null where the query was replaced", nullable=True),
        Column(
            "distance",
            NUMBER,
            "Euclidean distance between the unit embeddings of query and replacement; bounds the effect",
            nullable=True,
        ),
        Column("replacements", TEXTS, "image ids put in the query's place: one, or none", nullable=True),
    ),
)


def replacements_stage(settings: Settings, split: str) -> Stage:
    """Return the stage of a split's replacement effects."""
    within_type = has_outfits(settings)
    columns = ["image_id", "attributes", "pixels_sha256", *(["label"] if within_type else [])]
    reads = {**pair_reads(split), **condition_reads(settings)}
    reads["images"] = [["images", columns, split]]
    reads["embeddings"] = [["embeddings", None, split]]
    values = {"split": split, **({"within_type": True} if within_type else {})}
    return single_shard_stage(f"replacements.{split}", "flows.jobs.replacements", values, reads, (REPLACEMENTS,))
