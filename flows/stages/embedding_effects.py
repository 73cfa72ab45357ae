"""The cause read off the embedding: the predicted effect of removing each attribute, for validation and test pairs."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads
from flows.stages.reads import pair_reads, single_shard_stage
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

EMBEDDING_EFFECTS = TableSchema(
    "embedding_effects",
    "One row per validation or test pair and attribute.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "of the pair"),
        Column("attribute", TEXT, "name"),
        Column(
            "effect",
            NUMBER,
            "predicted s(query, reference) - s(query without the attribute, reference): positive where "
            "the attribute matters",
            nullable=True,
        ),
    ),
)


def embedding_effects_stage(settings: Settings, split: str) -> Stage:
    """Return the stage of a split's predicted effects."""
    columns = ["image_id", "label", "attributes"]
    reads = {**pair_reads(split), **condition_reads(settings)}
    reads["images"] = [["images", columns, "train"], ["images", columns, split]]
    reads["embeddings"] = [["embeddings", None, "train"], ["embeddings", None, split]]
    tables = (EMBEDDING_EFFECTS,)
    values = {"split": split}
    return single_shard_stage(f"embedding_effects.{split}", "flows.jobs.embedding_effects", values, reads, tables)
