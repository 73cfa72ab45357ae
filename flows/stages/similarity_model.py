"""The explained model: trained by this pipeline, read from a weights file, type-aware, or the user's own."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from flows.engine.cuts import Read
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.engine.work import ShardCosts, ShardExtent, Work
from flows.settings.configuration import Settings
from flows.settings.similarity_model import TYPE_AWARE_KEYS, USER_MODEL_KEYS
from flows.stages.backbone_weights import training_cut, weights_path
from flows.stages.conditions import has_conditions
from flows.stages.facts import Facts
from flows.stages.mined_model import mined_model_stage
from flows.stages.training_classes import check_training
from flows.stages.training_history import TRAINING_HISTORY
from flows.stages.type_aware_model import type_aware_stage
from flows.stages.user_keys import keys_in
from flows.stages.user_model import user_model_stage
from pipeline.errors import BadModel
from pipeline.similarity.training.epoch_length import training_images_per_epoch

LEARNED_SPLITS = ("train", "valid")
COLUMNS = ("image_id", "label", "similarity_target")


def similarity_model_stage(settings: Settings) -> Stage:
    """Return the stage `similarity_model`, whatever makes the model."""
    if settings.similarity_model.kind == "user":
        return user_model_stage(settings)
    if has_conditions(settings):
        return type_aware_stage(settings)
    if settings.similarity_model.is_mined:
        return mined_model_stage(settings)
    return _weights_stage(settings) if settings.similarity_model.weights is not None else _trained_stage(settings)


def _trained_stage(settings: Settings) -> Stage:
    model = settings.similarity_model
    trained = (
        set(type(model).model_fields)
        - {"kind", "weights", "backbone_weights", "stripes", "mining"}
        - USER_MODEL_KEYS
        - TYPE_AWARE_KEYS
    )
    reads = {
        split: {"pixels": Read("images", "pixels", None, split), "rows": Read("images", "images", COLUMNS, split)}
        for split in LEARNED_SPLITS
    }
    return Stage(
        "similarity_model",
        "flows.jobs.similarity_model",
        {**model.model_dump(include=trained), "seed": settings.seed},
        (),
        ("images",),
        training_cut(reads, "similarity_model"),
        weights_path(model.backbone_weights),
        tables=(TRAINING_HISTORY,),
        costs=ShardCosts(_training_work),
        check_inputs=check_training,
        keys=keys_in("similarity_model", trained),
        batch_setting="similarity_model.batch_size",
    )


def _training_work(stage: Stage, _extent: ShardExtent, facts: Facts) -> Work:
    settings, train, valid = stage.settings, facts.rows("train"), facts.rows("valid")
    objective = settings["objective"]
    if objective == "auto":
        graded = all(row["similarity_target"] is not None for row in train)
        objective = "regression" if graded else "triplet"
    classes = len({row["label"] for row in train})
    per_epoch = training_images_per_epoch(
        objective, len(train), classes, settings["batch_size"], settings["images_per_class"]
    )
    return facts.training_work(settings["epochs"], settings["patience"], per_epoch, len(valid))


def _weights_stage(settings: Settings) -> Stage:
    model = settings.similarity_model
    return Stage(
        "similarity_model",
        "flows.jobs.similarity_weights",
        model.model_dump(include={"network", "embedding_dim"}),
        (),
        (),
        _weights_shard,
        {"weights": str(model.weights)},
        tables=(TRAINING_HISTORY,),
        costs=ShardCosts(lambda *_: Work(loads_torch=True)),
        keys=keys_in("similarity_model", ("network", "embedding_dim")),
        check_inputs=_check_weights,
    )


def _weights_shard(upstream: Upstream, stage: Stage) -> list[ShardPlan]:
    """Return one shard; a model read from a file depends on that file alone.

    Raises:
        BadModel: the weights file does not exist.
    """
    del upstream
    path = _weights_path(stage)
    return [ShardPlan("all", {"weights": sha256(path.read_bytes()).hexdigest()})]


def _check_weights(stage: Stage, _stages: Any) -> None:
    _weights_path(stage)


def _weights_path(stage: Stage) -> Path:
    path = Path(str(stage.paths["weights"]))
    if not path.is_file():
        raise BadModel(
            expected="a weights file",
            found="no such file",
            where=f"similarity_model.weights = {path}",
            remedy="correct the path (it is relative to the configuration file)",
        )
    return path
