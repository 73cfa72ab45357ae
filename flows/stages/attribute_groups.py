"""Which attributes the training labels can tell apart, and groups of those that they cannot."""

from dataclasses import replace

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.reads import LABELS, VOCABULARY, single_shard_stage
from flows.stages.user_keys import keys_in
from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

ATTRIBUTE_GROUPS = TableSchema(
    "attribute_groups",
    "One row per attribute: the group of those that the training labels cannot tell from it.",
    (
        Column("attribute", TEXT, "name"),
        Column(
            "group",
            INTEGER,
            "number of its group, from 0; null where all training images have the attribute, or none",
            nullable=True,
        ),
        Column(
            "group_name",
            TEXT,
            "the group's attributes, those most like it first: `stripes / orange / no plain and 2 more`; "
            "`no` goes before attributes that come with the group's absence",
            nullable=True,
        ),
        Column("members", INTEGER, "attributes of the group; 1 for those that can be told from all others", True),
        Column(
            "correlation",
            NUMBER,
            "of the attribute with the mean of its group over training images; below 0 where it comes with the "
            "group's absence",
            nullable=True,
        ),
        Column("training_images", INTEGER, "that have the attribute"),
    ),
)

LABEL_SEPARABILITY = TableSchema(
    "label_separability",
    "One row: how far the training labels tell attributes apart.",
    (
        Column("training_images", INTEGER, "with labels"),
        Column("label_rows", INTEGER, "different lists of attributes among them: classes, where labels are of classes"),
        Column("attributes", INTEGER, "that some training images have and others lack"),
        Column("rank", INTEGER, "dimensions that the labels of these attributes span"),
        Column("condition", NUMBER, "condition number of these labels; null where they are dependent", True),
        Column("groups", INTEGER, "of attributes that can be told apart"),
        Column("group_condition", NUMBER, "condition number of the groups' means"),
    ),
)


def attribute_groups_stage(settings: Settings) -> Stage:
    """Return the stage that groups attributes by the labels of the training images."""
    values = settings.explanation.model_dump(include={"group_correlation", "group_condition"})
    reads = {**VOCABULARY, "images": [[*LABELS, "train"]]}
    tables = (ATTRIBUTE_GROUPS, LABEL_SEPARABILITY)
    stage = single_shard_stage("attribute_groups", "flows.jobs.attribute_groups", values, reads, tables)
    return replace(stage, keys=keys_in("explanation", values))
