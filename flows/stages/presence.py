"""What an image has, estimated where labels may not say it: by a probe on the embedding, or by the classifier."""

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.reads import LABELS, pair_reads, single_shard_stage
from flows.stages.replacements import effects_read
from pipeline.explanation.answer.presence_sources import CLASSIFIER
from stores.table_schema import FLAG, NUMBER, TEXT, Column, TableSchema

PRESENCE_QUALITY = TableSchema(
    "presence_quality",
    "One row per estimate of what an image has.",
    (
        Column(
            "source", TEXT, "`probe`: logistic regression on the embedding; `classifier`: its calibrated confidence"
        ),
        Column("log_loss", NUMBER, "mean over validation images and attributes, nats; smaller is better"),
        Column(
            "matched_effect",
            NUMBER,
            "mean matched effect, as a drop, of the attributes with the largest presence x predicted effect, over "
            "validation pairs",
        ),
        Column("is_chosen", FLAG, "this estimate is used: it has the largest matched effect"),
    ),
)


def presence_stage(settings: Settings) -> Stage:
    """Return the stage that estimates which attributes validation and test images have."""
    splits = ("valid", "test")
    reads = {
        **pair_reads("valid"),
        **effects_read("valid"),
        "embedding_effects.valid": [["embedding_effects", None, ""]],
        "images": [[*LABELS, "train"], [*LABELS, "valid"]],
        "embeddings": [["embeddings", None, split] for split in ("train", *splits)],
    }
    if CLASSIFIER in settings.attribute_models:
        reads[f"attribute_scores.{CLASSIFIER}"] = [["scores", None, split] for split in splits]
    return single_shard_stage("presence", "flows.jobs.presence", {}, reads, (PRESENCE_QUALITY,))
