"""The type-aware similarity model, trained on outfits."""

from flows.engine.cuts import NamedReads, Read
from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.settings.similarity_model import TYPE_AWARE_KEYS
from flows.stages.backbone_weights import training_cut, weights_check, weights_path
from flows.stages.conditions import CONDITIONS, has_outfits
from flows.stages.facts import Facts
from flows.stages.training_history import TRAINING_HISTORY
from flows.stages.user_keys import keys_in
from pipeline.datasets.outfits import outfit_positions
from pipeline.errors import BadSetting
from pipeline.similarity.type_aware.outfit_pixels import outfit_images_per_epoch

SHARED_KEYS = {
    "network",
    "pretrained",
    "embedding_dim",
    "epochs",
    "patience",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "margin",
    "flips",
}
COLUMNS = ("image_id", "label")


def type_aware_stage(settings: Settings) -> Stage:
    """Return the stage that trains the type-aware model.

    Raises:
        BadSetting: the dataset has no outfits.
    """
    if not has_outfits(settings):
        raise BadSetting(
            expected="a dataset of outfits, such as polyvore_outfits",
            found=f"dataset.kind = {settings.dataset.kind!r}",
            where="similarity_model.kind = 'type_aware'",
            remedy="choose kind = 'resnet18', or a dataset that says which items were worn together",
        )
    values = settings.similarity_model.model_dump(include=SHARED_KEYS | TYPE_AWARE_KEYS)
    values["seed"] = settings.seed
    reads: NamedReads = {
        "type_pairs": Read("type_pairs", "type_pairs"),
        **{
            split: {
                "pixels": Read("images", "pixels", None, split),
                "rows": Read("images", "images", COLUMNS, split),
                "outfits": Read(f"outfits.{split}", "outfits"),
            }
            for split in ("train", "valid")
        },
    }
    return Stage(
        "similarity_model",
        "flows.jobs.type_aware_model",
        values,
        (),
        ("images", "outfits.train", "outfits.valid", "type_pairs"),
        training_cut(reads, "similarity_model"),
        weights_path(settings.similarity_model.backbone_weights),
        tables=(TRAINING_HISTORY, CONDITIONS),
        keys=keys_in("similarity_model", SHARED_KEYS | TYPE_AWARE_KEYS),
        costs=ShardCosts(_work),
        check_inputs=weights_check("similarity_model"),
        batch_setting="similarity_model.batch_size",
    )


def _work(stage: Stage, _extent: ShardExtent, facts: Facts) -> Work:
    """Count items once for each of their outfits, whatever the triplets."""
    settings = stage.settings
    outfits = outfit_positions([row["image_id"] for row in facts.rows("train")], facts.outfits("train"))
    per_epoch = outfit_images_per_epoch([len(members) for members in outfits])
    return facts.training_work(settings["epochs"], settings["patience"], per_epoch, len(facts.rows("valid")))
