"""The audit: what each variant named, against what re-rendering shows to be true."""

from flows.engine.cuts import Reads
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.metrics import METRICS
from flows.stages.pairs import asked_directions
from flows.stages.reads import LABELS, pair_reads, single_shard_stage
from flows.stages.replacements import effects_and_distances_read
from flows.stages.true_effects import true_effects_name
from stores.table_schema import FLAG, NUMBER, TEXT, Column, TableSchema

AUDIT_OUTCOMES = TableSchema(
    "audit_outcomes",
    "One row per test pair and variant: what naming that attribute achieved.",
    (
        Column("pair_id", TEXT, "of the pair"),
        Column("query", TEXT, "image id"),
        Column("variant", TEXT, "see [variants](#variants)"),
        Column("attribute", TEXT, "the attribute named; null where none is", nullable=True),
        Column("effect", NUMBER, "its true effect; 0 where the query lacks it", nullable=True),
        Column("best_effect", NUMBER, "largest true effect over the query's attributes", nullable=True),
        Column("mean_present_effect", NUMBER, "mean true effect over the query's attributes", nullable=True),
        Column("eligible", FLAG, "the best effect exceeds the noise floor", nullable=True),
        Column("present", FLAG, "the query has what was named", nullable=True),
        Column("hit", FLAG, "the named effect is at least 0.9 of the best", nullable=True),
        Column("used", FLAG, "the named effect exceeds the noise floor", nullable=True),
    ),
)

AUDIT_METRICS = TableSchema(
    "audit_metrics",
    "The columns of [`metrics`](#metrics-1), before the stage `metrics` copies the rows and fills in what all share; "
    "a table of their own so that no query counts them twice.",
    METRICS.columns,
)


def audit_stage(settings: Settings) -> Stage:
    """Return the stage that scores every variant against the true effects."""
    values = {
        "variants": list(settings.explanation.variants),
        "seed": settings.seed,
        "bootstrap_samples": settings.evaluation.bootstrap_samples,
        **settings.dataset.model_dump(include={"drivers", "label_mode"}),
        **asked_directions(settings),
    }
    effects = [["true_effects", None, ""], ["null_effects", None, ""]]
    reads: Reads = {
        **pair_reads("test"),
        "images": [["images", ["image_id", "attributes", "similarity_target"], "test"], [*LABELS, "valid"]],
        "pairs.valid": [["pairs", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
        true_effects_name("valid"): effects,
        true_effects_name("test"): effects,
        "explanations": [["scores", None, ""]],
        "answers": [["named", None, ""], ["answers", ["pair_id", "probability"], ""]],
        **effects_and_distances_read("test"),
    }
    return single_shard_stage("audit", "flows.jobs.audit", values, reads, (AUDIT_METRICS, AUDIT_OUTCOMES))
