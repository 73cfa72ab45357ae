"""Training of one candidate: as train_similarity_model trains, with the losses of pipeline.mining.step."""

import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from pipeline.errors import BadModel
from pipeline.images import normalise_pixels
from pipeline.mining.attention import attended_layer
from pipeline.mining.pair_classifier import build_pair_classifier
from pipeline.mining.spec import MiningSpec, MiningWeights
from pipeline.mining.step import MinedModel, StepLosses, step_losses
from pipeline.randomness import keyed_rng
from pipeline.similarity.networks import build_embedding_network, start_from
from pipeline.similarity.retrieval import recall_at_1
from pipeline.similarity.stripes import StripeClassifiers, check_stripes
from pipeline.similarity.training.batches import epoch_batches, mirrored_images
from pipeline.similarity.training.data import LabelledPixels, SimilarityTrainingSpec, check_validation_measure
from pipeline.training_state import Learner

LOSS_NAMES = ("total", "metric", "mining", "classification")


@dataclass(frozen=True)
class MinedTraining:
    """What all candidates of a training share.

    Attributes:
        training: its objective is "triplet", whatever the loss.
        mining: the rest of the settings.
        train: images to learn from.
        valid: images to choose epoch and candidate by.
        device: torch device.
    """

    training: SimilarityTrainingSpec
    mining: MiningSpec
    train: LabelledPixels
    valid: LabelledPixels
    device: str


@dataclass(frozen=True)
class CandidateLearner:
    """One candidate while it is trained: what its steps change, and what they are made of."""

    learner: Learner
    model: MinedModel


def build_candidate(task: MinedTraining) -> CandidateLearner:
    """Return a freshly built model with its optimiser; every candidate begins with the same weights.

    The learner's network holds the embedding network as "network" and classifiers, if any, as "classifier" and
    "stripe_classifiers", so that all are among the state of the training.

    Raises:
        BadSetting: see attended_layer and check_stripes.
        BadModel: see start_from.
    """
    training, mining = task.training, task.mining
    network = build_embedding_network(
        training.network, training.embedding_dim, training.pretrained, training.seed, training.stripes
    )
    start_from(network, training.backbone_weights)
    images_nchw = normalise_pixels(task.train.pixels_nhwc[:2], "cpu")
    parts: dict[str, nn.Module] = {"network": network}
    if mining.classification_weight > 0:
        parts["classifier"] = build_pair_classifier(training.embedding_dim, training.seed)
    stripes = None
    if training.stripes:
        check_stripes(network[0], training.stripes, images_nchw)
        classes = torch.tensor(task.train.classes_n)
        stripes = StripeClassifiers(classes, training.embedding_dim, training.stripes, training.seed)
        parts["stripe_classifiers"] = stripes
    whole = nn.ModuleDict(parts).to(task.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    layer = None
    if mining.mines:
        layer = attended_layer(network, mining.layer, images_nchw.to(task.device))
    model = MinedModel(parts["network"], parts.get("classifier"), layer, mining.maps == "grad_cam", stripes)
    optimiser = torch.optim.AdamW(whole.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, training.epochs)
    return CandidateLearner(Learner(whole, optimiser, schedule), model)


def run_epoch(task: MinedTraining, candidate: CandidateLearner, weights: MiningWeights, epoch: int) -> dict[str, float]:
    """Train a candidate for one epoch, validate, and return the history's row.

    Raises:
        BadModel: a loss is NaN or infinite.
        BadDataset: no validation image has a match.
    """
    started = time.perf_counter()
    learning_rate = float(candidate.learner.optimiser.param_groups[0]["lr"])
    losses = _train_epoch(task, candidate, weights, epoch)
    if candidate.learner.schedule is not None:
        candidate.learner.schedule.step()
    measure = _validation_recall(task, candidate.model.network)
    check_validation_measure(measure)
    return {
        "epoch": epoch,
        "loss": losses["total"],
        "metric_loss": losses["metric"],
        "mining_loss": losses["mining"],
        "classification_loss": losses["classification"],
        "validation_measure": measure,
        "learning_rate": learning_rate,
        "seconds": time.perf_counter() - started,
    }


def _train_epoch(
    task: MinedTraining, candidate: CandidateLearner, weights: MiningWeights, epoch: int
) -> dict[str, float]:
    """Take one step per batch; return the means of the losses over the steps."""
    training, train, learner = task.training, task.train, candidate.learner
    learner.network.train()
    flips = keyed_rng(training.seed, "flips", epoch).random(len(train.pixels_nhwc)) < 0.5
    sums, steps = dict.fromkeys(LOSS_NAMES, 0.0), 0
    for batch in epoch_batches(training, train.classes_n, epoch):
        images = mirrored_images(train.pixels_nhwc[batch], flips[batch] & training.flips, task.device)
        classes = torch.tensor(train.classes_n[batch], device=task.device)
        losses = step_losses(candidate.model, task.mining, weights, training.margin, (images, classes))
        _require_finite(losses, epoch)
        learner.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        learner.optimiser.step()
        sums = {name: total + float(getattr(losses, name).item()) for name, total in sums.items()}
        steps += 1
    return {name: total / max(steps, 1) for name, total in sums.items()}


def _require_finite(losses: StepLosses, epoch: int) -> None:
    if bool(torch.isfinite(losses.total)):
        return
    named = ", ".join(f"{name} {getattr(losses, name).item():g}" for name in LOSS_NAMES)
    raise BadModel(
        expected="a finite loss",
        found=f"{named} in epoch {epoch}",
        where="training of the similarity model",
        remedy="lower similarity_model.learning_rate, or similarity_model.mining.gamma",
    )


def _validation_recall(task: MinedTraining, network: nn.Module) -> float:
    network.eval()
    pixels, size = task.valid.pixels_nhwc, task.training.batch_size
    with torch.inference_mode():
        starts = range(0, len(pixels), size)
        raw = [network(normalise_pixels(pixels[start : start + size], task.device)) for start in starts]
        embeddings_nd = functional.normalize(torch.cat(raw), dim=1).cpu().numpy()
    return recall_at_1(embeddings_nd, task.valid.classes_n)
