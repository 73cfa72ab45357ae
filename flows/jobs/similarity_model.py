"""The similarity model, trained on classes or graded targets."""

from dataclasses import replace

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.checkpoints import TrainingCheckpoints
from flows.jobs.progress import report_epoch
from flows.readers.backbone_weights import read_backbone_weights
from pipeline.similarity.training.data import without_lone_classes
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from pipeline.similarity.training.train import LabelledPixels, SimilarityTrainingSpec, train_similarity_model
from stores.parts import Part, TensorsPart


def run(inputs: JobInputs) -> JobResult:
    """Return the model's tensors and its training history."""
    settings = inputs.settings
    metadata = {"network": settings["network"], "embedding_dim": str(settings["embedding_dim"])}
    # Only the learned splits number the classes: test classes are not among this stage's inputs.
    labels = (inputs.upstream.table("images", "images", split)["label"].to_pylist() for split in ("train", "valid"))
    classes = sorted(set().union(*labels))
    train = _labelled_pixels(inputs.upstream, "train", classes)
    valid = _labelled_pixels(inputs.upstream, "valid", classes)
    spec = replace(_spec(settings, graded=train.targets_nc is not None), backbone_weights=read_backbone_weights(inputs))
    if spec.objective == "triplet":
        # Of a label whose other files cannot be read a single image is left.
        train = without_lone_classes(train)
    checkpoints = TrainingCheckpoints(inputs)
    state = checkpoints.newest(spec.epochs)
    report = report_epoch(inputs.task.stage, finished=0 if state is None else state.epoch)
    device = inputs.task.device.name
    trained = train_similarity_model(spec, train, valid, device, report, state, checkpoints.save)
    history = [{"model": "similarity_model", **row} for row in trained.history]
    n_classes = len(np.unique(train.classes_n))
    per_epoch = training_images_per_epoch(
        spec.objective, len(train.pixels_nhwc), n_classes, spec.batch_size, spec.images_per_class
    )
    counts = {
        "images": len(train.pixels_nhwc),
        "epochs": len(history),
        "best_epoch": trained.best_epoch,
        "training_passes": len(history) * per_epoch,
        "forward_passes": len(history) * len(valid.pixels_nhwc),
    }
    parts: dict[str, Part] = {
        "model": TensorsPart(trained.state, metadata),
        "training_history": inputs.table("training_history", history),
    }
    return JobResult(parts, counts)


def _spec(settings: object, graded: bool) -> SimilarityTrainingSpec:
    values = dict(settings)  # type: ignore[call-overload]
    objective = values.pop("objective")
    if objective == "auto":
        objective = "regression" if graded else "triplet"
    return SimilarityTrainingSpec(objective=objective, **values)


def _labelled_pixels(upstream: Upstream, split: str, classes: list[str]) -> LabelledPixels:
    rows = upstream.rows("images", "images", split)
    number = {name: position for position, name in enumerate(classes)}
    targets = [row["similarity_target"] for row in rows]
    graded = all(target is not None for target in targets)
    return LabelledPixels(
        upstream.arrays("images", "pixels", "pixels", split),
        np.array([number[row["label"]] for row in rows], dtype=np.int64),
        np.array(targets, dtype=np.float32) if graded else None,
    )
