"""The table of a training's epochs, which several stages write."""

from stores.table_schema import INTEGER, NUMBER, TEXT, Column, TableSchema

TRAINING_HISTORY = TableSchema(
    "training_history",
    "One row per epoch; empty for a similarity model read from a file.",
    (
        Column("model", TEXT, "`similarity_model`, or the attribute model"),
        Column("epoch", INTEGER, "from 1"),
        Column("loss", NUMBER, "what was minimised"),
        Column(
            "huber_loss_mean", NUMBER, "attribute models: Huber loss averaged over images and attributes", nullable=True
        ),
        Column(
            "huber_loss_sum",
            NUMBER,
            "attribute models: Huber loss summed over attributes, averaged over images",
            nullable=True,
        ),
        Column(
            "pooled_map_loss",
            NUMBER,
            "`fashion_search_net`: Huber loss of the means of its activation maps, in the reduction that is minimised; "
            "NaN for other attribute models",
            nullable=True,
        ),
        Column("heatmap_loss", NUMBER, "attribute models: heat map loss; NaN where it is not computed", nullable=True),
        Column("learning_rate", NUMBER, "of the epoch", nullable=True),
        Column(
            "validation_measure",
            NUMBER,
            "similarity model: Recall@1 (triplet) or correlation with the targets (regression)",
            nullable=True,
        ),
        Column("validation_map", NUMBER, "attribute models: mean average precision, 0 to 1", nullable=True),
        Column("seconds", NUMBER, "duration; volatile, in no digest", nullable=True, volatile=True),
    ),
)
