"""The attribute predictors, SANE with the maps that supervise it and the others without, and their scores."""

from functools import partial
from typing import Any

from flows.engine.cuts import NamedReads, Read, SourceShards, one_for_each_of
from flows.engine.reasons import DERIVED
from flows.engine.stage import Stage
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.stages.backbone_weights import training_cut, weights_check, weights_path
from flows.stages.facts import Facts, image_extents
from flows.stages.saliency_maps import maps_name
from flows.stages.training_history import TRAINING_HISTORY
from pipeline.attributes.catalogue import ATTRIBUTE_MODELS
from pipeline.saliency.declaration import FIXED
from stores.table_schema import INTEGER, TEXT, Column, TableSchema

ATTRIBUTE_SCORE_ROWS = TableSchema(
    "attribute_score_rows",
    "One row per image: its row in this shard's arrays.",
    (
        Column("image_id", TEXT, "of the image"),
        Column("row", INTEGER, "from 0 in each shard"),
    ),
)

LABEL_COLUMNS = ("image_id", "attributes")
SCORED_SPLITS = ("valid", "test")
GRID_CELLS = 4
FLOAT32_BYTES = 4


def attribute_stages(settings: Settings) -> list[Stage]:
    """Return each attribute predictor and its scores on validation and test images."""
    return [
        stage for name in settings.attribute_models for stage in (_model_stage(settings, name), _scores_stage(name))
    ]


def map_normalisation_values(settings: Settings) -> dict[str, Any]:
    """Return how maps become distributions, as a stage's settings."""
    model = settings.attribute_model
    is_own = model.map_normalisation == "standardised"
    return {
        "map_normalisation": model.map_normalisation,
        "map_temperature": model.map_temperature if is_own else None,
    }


def _model_stage(settings: Settings, name: str) -> Stage:
    model = settings.attribute_model
    declared = ATTRIBUTE_MODELS[name]
    weight = model.heatmap_weight if declared.learns_from_maps else 0.0
    maps = maps_name("train", settings.saliency.supervision, FIXED) if weight else None
    values = {
        "name": name,
        **(map_normalisation_values(settings) if weight else {}),
        "maps": maps,
        "training": {
            "backbone": model.backbone,
            "head": declared.head,
            **({"region_threshold": model.region_threshold} if declared.head == "regions" else {}),
            "pretrained": model.pretrained,
            "freeze_backbone": model.freeze_backbone,
            "epochs": model.epochs,
            "patience": model.patience,
            "batch_size": model.batch_size,
            "learning_rate": model.learning_rate,
            "decay": model.learning_rate_decay,
            "heatmap_weight": weight,
            "huber_reduction": model.huber_reduction,
            "seed": settings.seed,
        },
    }
    return Stage(
        f"attribute_model.{name}",
        "flows.jobs.attribute_model",
        values,
        (),
        ("vocabulary", "images", *([maps] if maps else [])),
        training_cut(_training_reads(maps), "attribute_model"),
        weights_path(model.backbone_weights),
        tables=(TRAINING_HISTORY,),
        costs=ShardCosts(_training_work),
        check_inputs=weights_check("attribute_model"),
        batch_setting="attribute_model.batch_size",
        keys={
            "training": "attribute_model",
            "training.head": DERIVED,
            "training.decay": "attribute_model.learning_rate_decay",
            "training.seed": "seed",
        },
    )


def _training_reads(maps: str | None) -> NamedReads:
    return {
        "vocabulary": Read("vocabulary", "vocabulary"),
        **{
            split: {
                "pixels": Read("images", "pixels", None, split),
                "labels": Read("images", "images", LABEL_COLUMNS, split),
            }
            for split in ("train", "valid")
        },
        **({"maps": [Read(maps, "maps"), Read(maps, "map_rows")]} if maps else {}),
    }


def _scores_stage(name: str) -> Stage:
    source = SourceShards("images", "pixels", "images", "image_id", SCORED_SPLITS, "images_shard")
    model = f"attribute_model.{name}"
    return Stage(
        f"attribute_scores.{name}",
        "flows.jobs.attribute_scores",
        {"attribute_model": model},
        (),
        ("images", model),
        one_for_each_of(source, {"model": Read(model, "model")}),
        tables=(ATTRIBUTE_SCORE_ROWS,),
        costs=ShardCosts(partial(_scores_work, name), image_extents(*SCORED_SPLITS)),
    )


def _training_work(stage: Stage, _extent: ShardExtent, facts: Facts) -> Work:
    training = stage.settings["training"]
    # Images without attributes are left out.
    labelled = sum(1 for row in facts.rows("train") if row["attributes"])
    valid = len(facts.rows("valid"))
    if training["freeze_backbone"]:
        # Every image passes the backbone once; what the head costs is not worth counting.
        n_images = len(facts.rows("train")) + valid
        read = 2 * len(facts.shard_labels("train", "valid"))
        return Work(
            n_images,
            rates={"attribute_forward_image": n_images, "read_part": read},
            is_upper_bound=not facts.images_are_certain,
            loads_torch=True,
        )
    return facts.training_work(training["epochs"], training["patience"], labelled, valid, "attribute_")


def _scores_work(name: str, _stage: Stage, extent: ShardExtent, facts: Facts) -> Work:
    n, n_attributes = extent.items, len(facts.attribute_names)
    cells = GRID_CELLS**2 if ATTRIBUTE_MODELS[name].has_activations else 0
    return Work(
        n,
        rates={"attribute_forward_image": n, "read_part": 3},
        array_bytes=FLOAT32_BYTES * n * n_attributes * (1 + cells),
        is_upper_bound=not facts.images_are_certain,
        loads_torch=True,
    )
