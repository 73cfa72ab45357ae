"""What a type-aware model adds to the graph: its training, and the masks wherever pairs are scored."""

from typing import Any

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.similarity_model import TYPE_AWARE_KEYS
from flows.stages.reads import Reads, single_shard_stage
from flows.stages.type_aware_shards import plan_type_aware_model
from pipeline.errors import BadSetting

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
MASK_READS = [["condition_masks", None, ""], ["conditions", None, ""]]
SCORING = ("pipeline.similarity.conditions",)


def has_outfits(settings: Settings) -> bool:
    """Return whether the dataset says which images were put together."""
    return settings.dataset.kind == "polyvore_outfits"


def has_conditions(settings: Settings) -> bool:
    """Return whether the explained model scores pairs under conditions."""
    return settings.similarity_model.kind == "type_aware" or settings.similarity_model.conditions


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
    code = ("pipeline.similarity.type_aware.training", "pipeline.similarity.type_aware.outfit_pixels")
    upstream = ("images", "outfits.train", "outfits.valid", "type_pairs")
    paths: dict[str, str | None] = {"weights": None}
    return Stage("similarity_model", "type_aware_model", values, code, upstream, plan_type_aware_model, paths)


def condition_values(settings: Settings) -> dict[str, Any]:
    """Return the setting of stages that score pairs; none for models without, so that their keys stay."""
    return {"has_conditions": True} if has_conditions(settings) else {}


def condition_upstream(settings: Settings) -> tuple[str, ...]:
    """Return the stage that holds the masks, where there are any."""
    return ("similarity_model",) if has_conditions(settings) else ()


def condition_reads(settings: Settings) -> Reads:
    """Return what stages of one shard read of the model, where it has masks."""
    return {"similarity_model": MASK_READS} if has_conditions(settings) else {}


def compatibility_stage(settings: Settings) -> Stage:
    """Return the stage that measures how well the model knows what goes together."""
    values = {"seed": settings.seed, "bootstrap_samples": settings.evaluation.bootstrap_samples}
    reads: Reads = {
        "images": [["images", ["image_id", "label"], "test"]],
        "outfits.test": [["outfits", None, ""]],
        "embeddings": [["embeddings", None, "test"]],
        **condition_reads(settings),
    }
    code = (
        "pipeline.similarity.compatibility.outfit_draws",
        "pipeline.evaluation.metrics.compatibility",
    )
    return single_shard_stage("compatibility", "compatibility", values, code, reads)
