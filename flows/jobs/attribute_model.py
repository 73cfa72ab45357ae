"""Training of one attribute predictor: `sane` with the cached maps, the others without."""

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.checkpoints import TrainingCheckpoints
from flows.jobs.progress import report_epoch
from flows.readers.attribute_model import predictor_metadata
from flows.readers.backbone_weights import read_backbone_weights
from flows.readers.normalised_maps import stage_normalisation
from flows.readers.pair_frame import read_labels
from pipeline.attributes.training import train_attribute_predictor
from pipeline.attributes.training_data import AttributeTrainingSpec, TrainingData
from pipeline.explanation.normalise_map import MapNormalisation, apply_normalisation, target_entropy
from stores.parts import Part, TensorsPart


def run(inputs: JobInputs) -> JobResult:
    """Return the best epoch's tensors and the training history."""
    settings = inputs.settings
    spec = AttributeTrainingSpec(
        **settings["training"], threads=inputs.task.device.threads, backbone_weights=read_backbone_weights(inputs)
    )
    train = _training_data(inputs, "train")
    valid = _training_data(inputs, "valid")
    checkpoints = TrainingCheckpoints(inputs)
    state = checkpoints.newest(spec.epochs)
    report = report_epoch(inputs.task.stage, finished=0 if state is None else state.epoch)
    device = inputs.task.device.name
    trained = train_attribute_predictor(spec, train, valid, device, report, state, checkpoints.save)
    metadata = predictor_metadata(spec.predictor(train.labels_na.shape[1]))
    if train.targets_nkcc is not None:
        # How sharp the targets are decides whether the heat map loss can teach anything: log 16 is flat.
        entropies = target_entropy(train.targets_nkcc.reshape(-1, *train.targets_nkcc.shape[-2:]))
        metadata["mean_target_entropy_nats"] = f"{np.nanmean(entropies):.4f}"
    history = [
        {
            "model": settings["name"],
            "epoch": int(row["epoch"]),
            "loss": row["total_loss"],
            "huber_loss_mean": row["huber_loss_mean"],
            "huber_loss_sum": row["huber_loss_sum"],
            "pooled_map_loss": row["pooled_map_loss"],
            "heatmap_loss": row["heatmap_loss"],
            "validation_map": row["validation_map"],
            "learning_rate": row["learning_rate"],
            "seconds": row["seconds"],
        }
        for row in trained.history
    ]
    parts: dict[str, Part] = {
        "model": TensorsPart(trained.state, metadata),
        "training_history": inputs.table("training_history", history),
    }
    labelled = len(train.labels_na) - trained.images_without_attributes
    # A frozen backbone sees every image once.
    training_passes = 0 if spec.freeze_backbone else len(history) * labelled
    validation_passes = len(valid.labels_na) * (1 if spec.freeze_backbone else len(history))
    counts = {
        "images": len(train.labels_na),
        "epochs": len(history),
        "best_epoch": trained.best_epoch,
        "images_without_attributes": trained.images_without_attributes,
        "training_passes": training_passes,
        "forward_passes": validation_passes + (len(train.labels_na) if spec.freeze_backbone else 0),
    }
    return JobResult(parts, counts)


def _training_data(inputs: JobInputs, split: str) -> TrainingData:
    image_ids, labels_na = read_labels(inputs.upstream, split)
    maps = inputs.settings["maps"]
    targets = None
    # Validation chooses the epoch by mAP alone, so only training images need maps.
    if maps is not None and split == "train":
        targets = _map_targets(inputs.upstream, maps, image_ids, stage_normalisation(inputs.settings))
    return TrainingData(inputs.upstream.arrays("images", "pixels", "pixels", split), labels_na, targets)


def _map_targets(upstream: Upstream, stage: str, image_ids: list[str], normalisation: MapNormalisation) -> np.ndarray:
    """Return float32 (image, reference slot, cell, cell); NaN where an image has no map in a slot."""
    row = {image_id: position for position, image_id in enumerate(image_ids)}
    pieces: list[tuple[int, np.ndarray]] = []
    for commit in upstream.commits(stage):
        maps_qkyx = upstream.store.read_part_arrays(commit, "maps", ["maps"])["maps"].astype(np.float32)
        table = upstream.store.read_part_table(commit, "map_rows", ["query", "row"])
        slots, side = maps_qkyx.shape[1], maps_qkyx.shape[-1]
        normalised = apply_normalisation(maps_qkyx.reshape(-1, side, side), normalisation)
        by_query = normalised.reshape(-1, slots, *normalised.shape[-2:])
        queries = dict(zip((table["row"].to_numpy() // slots).tolist(), table["query"].to_pylist(), strict=True))
        pieces += [(row[query], by_query[number]) for number, query in queries.items()]
    most_slots = max(len(piece) for _, piece in pieces)
    cells = pieces[0][1].shape[-1]
    targets = np.full((len(image_ids), most_slots, cells, cells), np.nan, dtype=np.float32)
    for position, piece in pieces:
        targets[position, : len(piece)] = piece
    return targets
