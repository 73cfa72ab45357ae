"""The similarity model, trained with mining: every candidate's figures are kept beside the best one's weights."""

from dataclasses import replace
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.checkpoints import TrainingCheckpoints
from flows.jobs.progress import report_epoch
from flows.readers.backbone_weights import read_backbone_weights
from pipeline.mining.search import MinedModelResult, train_mined_model
from pipeline.mining.spec import MiningSpec, mined_specs
from pipeline.mining.train import MinedTraining
from pipeline.similarity.training.data import LabelledPixels, without_lone_classes
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from stores.parts import Part, TensorsPart

HISTORY = ("epoch", "loss", "validation_measure", "learning_rate", "seconds")
LOSSES = ("epoch", "loss", "metric_loss", "mining_loss", "classification_loss", "validation_measure")


def run(inputs: JobInputs) -> JobResult:
    """Return the model's tensors, the chosen candidate's training history, and those of all candidates."""
    training, mining = mined_specs(inputs.settings)
    training = replace(training, backbone_weights=read_backbone_weights(inputs))
    labels = (inputs.upstream.table("images", "images", split)["label"].to_pylist() for split in ("train", "valid"))
    classes = sorted(set().union(*labels))
    # Of a label whose other files cannot be read a single image is left.
    train = without_lone_classes(_labelled_pixels(inputs.upstream, "train", classes))
    valid = _labelled_pixels(inputs.upstream, "valid", classes)
    task = MinedTraining(training, mining, train, valid, inputs.task.device.name)
    checkpoints = TrainingCheckpoints(inputs)
    state = checkpoints.newest(training.epochs * len(mining.candidates))
    report = report_epoch(inputs.task.stage, finished=0 if state is None else state.epoch)
    trained = train_mined_model(task, report, state, checkpoints.save)
    per_epoch = training_images_per_epoch(
        "triplet",
        len(train.pixels_nhwc),
        len(np.unique(train.classes_n)),
        training.batch_size,
        training.images_per_class,
    )
    epochs = sum(len(history) for history in trained.histories)
    counts = {
        "images": len(train.pixels_nhwc),
        "epochs": epochs,
        "candidates": len(mining.candidates),
        "best_epoch": trained.best_epochs[trained.chosen],
        "training_passes": epochs * per_epoch * (2 if mining.mines else 1),
        "forward_passes": epochs * len(valid.pixels_nhwc),
    }
    metadata = {"network": training.network, "embedding_dim": str(training.embedding_dim)}
    if training.stripes:
        metadata["stripes"] = str(training.stripes)
    return JobResult({"model": TensorsPart(trained.state, metadata), **_tables(inputs, mining, trained)}, counts)


def _tables(inputs: JobInputs, mining: MiningSpec, trained: MinedModelResult) -> dict[str, Part]:
    chosen = [
        {"model": "similarity_model", **{name: row[name] for name in HISTORY}}
        for row in trained.histories[trained.chosen]
    ]
    losses = [
        {"candidate": number, **{name: row[name] for name in LOSSES}}
        for number, history in enumerate(trained.histories)
        for row in history
    ]
    return {
        "training_history": inputs.table("training_history", chosen),
        "mining_search": inputs.table("mining_search", _search_rows(mining, trained)),
        "mining_history": inputs.table("mining_history", losses),
    }


def _search_rows(mining: MiningSpec, trained: MinedModelResult) -> list[dict[str, Any]]:
    rows = []
    for number, (weights, history) in enumerate(zip(mining.candidates, trained.histories, strict=True)):
        best = trained.best_epochs[number]
        rows.append(
            {
                "candidate": number,
                "gamma": weights.gamma,
                "alpha": weights.alpha,
                "beta": weights.beta,
                "epochs": len(history),
                "best_epoch": best,
                "validation_measure": history[best - 1]["validation_measure"],
                "is_chosen": number == trained.chosen,
            }
        )
    return rows


def _labelled_pixels(upstream: Upstream, split: str, classes: list[str]) -> LabelledPixels:
    number = {name: position for position, name in enumerate(classes)}
    rows = upstream.rows("images", "images", split)
    pixels = upstream.arrays("images", "pixels", "pixels", split)
    return LabelledPixels(pixels, np.array([number[row["label"]] for row in rows], dtype=np.int64))
