"""The cause read off the embedding: the predicted effect of removing each attribute, and its presence."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.conditions import condition_reads
from flows.stages.reads import pair_reads, single_shard_stage
from stores.table_schema import NUMBER, TEXT, Column, TableSchema

EMBEDDING_EFFECTS = TableSchema(
    "embedding_effects",
    "One row per test pair and attribute.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("split", TEXT, "always `test`"),
        Column("attribute", TEXT, "name"),
        Column(
            "effect",
            NUMBER,
            "predicted s(query, reference) - s(query without the attribute, reference): positive where "
            "the attribute matters",
            nullable=True,
        ),
        Column(
            "present_probability",
            NUMBER,
            "probability that the query has the attribute, by a logistic probe on its embedding",
            nullable=True,
        ),
    ),
)


def embedding_effects_stage(settings: Settings) -> Stage:
    """Return the stage of the test pairs' predicted effects."""
    columns = ["image_id", "label", "attributes"]
    reads = {**pair_reads("test"), **condition_reads(settings)}
    reads["images"] = [["images", columns, "train"], ["images", columns, "test"]]
    reads["embeddings"] = [["embeddings", None, "train"], ["embeddings", None, "test"]]
    values = {"split": "test"}
    tables = (EMBEDDING_EFFECTS,)
    return single_shard_stage("embedding_effects.test", "flows.jobs.embedding_effects", values, reads, tables)
