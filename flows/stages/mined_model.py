"""The explained model trained with similarity mining, or by a loss of pairs or quadruplets."""

from flows.engine.cuts import NamedReads, Read
from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.settings.mining import MiningSettings
from flows.stages.backbone_weights import training_cut, weights_path
from flows.stages.facts import Facts
from flows.stages.training_classes import check_training
from flows.stages.training_history import TRAINING_HISTORY
from flows.stages.user_keys import keys_in
from pipeline.mining.names import STRIPES
from pipeline.mining.spec import mined_specs
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from stores.table_schema import FLAG, INTEGER, NUMBER, Column, TableSchema

SHARED_KEYS = {
    "network",
    "embedding_dim",
    "pretrained",
    "objective",
    "epochs",
    "patience",
    "batch_size",
    "images_per_class",
    "learning_rate",
    "weight_decay",
    "margin",
    "flips",
}
COLUMNS = ("image_id", "label")
MINING_SEARCH = TableSchema(
    "mining_search",
    "One row per combination of gamma, alpha and beta that was trained; a single one where nothing was searched.",
    (
        Column("candidate", INTEGER, "from 0, in the order of training"),
        Column("gamma", NUMBER, "weight of the mining loss; 0 where nothing is mined"),
        Column("alpha", NUMBER, "steepness of the mask"),
        Column("beta", NUMBER, "value of a map at which half of a pixel is erased"),
        Column("epochs", INTEGER, "trained"),
        Column("best_epoch", INTEGER, "whose weights count, from 1"),
        Column("validation_measure", NUMBER, "Recall@1 over validation images after the best epoch, 0 to 1"),
        Column("is_chosen", FLAG, "whether this is the model: the best measure, the first of equals"),
    ),
)
MINING_HISTORY = TableSchema(
    "mining_history",
    "One row per candidate and epoch; the chosen candidate's are `training_history`, too.",
    (
        Column("candidate", INTEGER, "as in `mining_search`"),
        Column("epoch", INTEGER, "from 1"),
        Column("loss", NUMBER, "what was minimised"),
        Column("metric_loss", NUMBER, "of whole images: the metric loss, or that of the classifiers of stripes"),
        Column(
            "mining_loss", NUMBER, "of erased images, in the form asked for, before gamma; 0 where nothing is mined"
        ),
        Column("classification_loss", NUMBER, "of pairs, before its weight; 0 where there is no classifier"),
        Column("validation_measure", NUMBER, "Recall@1 over validation images, 0 to 1"),
    ),
)


def mined_model_stage(settings: Settings) -> Stage:
    """Return the stage that trains the model with the losses of pipeline.mining."""
    model = settings.similarity_model
    # Of other objectives there are none, and their keys stay.
    own = SHARED_KEYS | ({"stripes"} if model.objective == STRIPES else set())
    values = model.model_dump(include=own | {"mining"})
    values["seed"] = settings.seed
    reads: NamedReads = {
        split: {"pixels": Read("images", "pixels", None, split), "rows": Read("images", "images", COLUMNS, split)}
        for split in ("train", "valid")
    }
    mining = {f"mining.{name}": f"similarity_model.mining.{name}" for name in MiningSettings.model_fields}
    return Stage(
        "similarity_model",
        "flows.jobs.mined_model",
        values,
        (),
        ("images",),
        training_cut(reads, "similarity_model"),
        weights_path(model.backbone_weights),
        tables=(TRAINING_HISTORY, MINING_SEARCH, MINING_HISTORY),
        keys={**keys_in("similarity_model", own), **mining, "mining": "similarity_model.mining"},
        costs=ShardCosts(_work),
        check_inputs=check_training,
        batch_setting="similarity_model.batch_size",
    )


def _work(stage: Stage, _extent: ShardExtent, facts: Facts) -> Work:
    """Count the images of both passes, as if every image of a batch were erased: tuples may leave some out."""
    training, mining = mined_specs(stage.settings)
    train = facts.rows("train")
    classes = len({row["label"] for row in train})
    per_epoch = training_images_per_epoch(
        "triplet", len(train), classes, training.batch_size, training.images_per_class
    )
    passes = per_epoch * (2 if mining.mines else 1)
    candidates = len(mining.candidates)
    return facts.training_work(
        training.epochs * candidates, training.patience * candidates, passes, len(facts.rows("valid"))
    )
