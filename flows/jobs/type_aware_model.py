"""The type-aware similarity model: trained on outfits; its masks are a part of their own beside the network."""

from dataclasses import replace

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.checkpoints import TrainingCheckpoints
from flows.jobs.progress import report_epoch
from flows.readers.backbone_weights import read_backbone_weights
from flows.readers.outfits import read_outfits
from pipeline.similarity.type_aware.losses import TypeAwareWeights
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels, outfit_images_per_epoch
from pipeline.similarity.type_aware.training import (
    TrainedTypeAwareModel,
    TypeAwareTrainingSpec,
    train_type_aware_model,
)
from stores.parts import ArraysPart, Part, TensorsPart


def run(inputs: JobInputs) -> JobResult:
    """Return the general network's tensors, the training history, and the masks with their conditions."""
    settings, upstream = inputs.settings, inputs.upstream
    train, valid = _outfit_pixels(upstream, "train"), _outfit_pixels(upstream, "valid")
    conditions: list[str] = upstream.table("type_pairs", "type_pairs")["condition"].to_pylist()
    spec = replace(type_aware_spec(settings), backbone_weights=read_backbone_weights(inputs))
    checkpoints = TrainingCheckpoints(inputs)
    state = checkpoints.newest(spec.epochs)
    report = report_epoch(inputs.task.stage, finished=0 if state is None else state.epoch)
    device = inputs.task.device.name
    trained = train_type_aware_model(spec, train, valid, conditions, device, report, state, checkpoints.save)
    epochs = len(trained.history)
    counts = {
        "images": len(train.pixels_nhwc),
        "outfits": len(train.outfits),
        "conditions": len(trained.masks.names),
        "conditions_without_outfits": len(conditions) - len(trained.masks.names),
        "epochs": epochs,
        "best_epoch": trained.best_epoch,
        "training_passes": epochs * outfit_images_per_epoch([len(members) for members in train.outfits]),
        "forward_passes": epochs * len(valid.pixels_nhwc),
    }
    return JobResult(_parts(inputs, spec, trained), counts)


def type_aware_spec(settings: object) -> TypeAwareTrainingSpec:
    """Return the training's spec from the stage's settings."""
    values = dict(settings)  # type: ignore[call-overload]
    weights = TypeAwareWeights(
        margin=values.pop("margin"),
        general=values.pop("general_weight"),
        mask=values.pop("mask_weight"),
        norm=values.pop("norm_weight"),
    )
    return TypeAwareTrainingSpec(weights=weights, **values)


def _parts(inputs: JobInputs, spec: TypeAwareTrainingSpec, trained: TrainedTypeAwareModel) -> dict[str, Part]:
    history = [{"model": "similarity_model", **row} for row in trained.history]
    rows = [{"position": position, "condition": name} for position, name in enumerate(trained.masks.names)]
    metadata = {"network": spec.network, "embedding_dim": str(spec.embedding_dim)}
    return {
        "model": TensorsPart(trained.state, metadata),
        "training_history": inputs.table("training_history", history),
        "condition_masks": ArraysPart({"masks": trained.masks.masks_cd}, {"masks": ("condition", "dimension")}),
        "conditions": inputs.table("conditions", rows),
    }


def _outfit_pixels(upstream: Upstream, split: str) -> OutfitPixels:
    read = read_outfits(upstream, split)
    pixels = upstream.arrays("images", "pixels", "pixels", split)
    return OutfitPixels(pixels, read.types_n, read.image_ids_n, read.outfits, read.outfit_ids)
