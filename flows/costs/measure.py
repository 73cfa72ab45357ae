"""The measurement behind a calibration: the real networks and functions on made-up images, a few seconds in all.

Whatever a job calls is called here in the same way. Imports torch; import this module only to measure.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from flows.costs.measure_gradients import measure_gradients
from flows.costs.measure_type_aware import ITEMS_OF_OUTFIT, measure_epoch
from flows.costs.stopwatch import Stopwatch
from flows.costs.user_model import load_model_to_time
from flows.engine.shard_task import Device
from flows.settings.configuration import Settings
from pipeline.attributes.predictor import build_attribute_predictor, predict_attributes
from pipeline.attributes.training import AttributeTrainingSpec, TrainingData, train_attribute_predictor
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.networks import fold_batch_norms
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.similarity.networks import build_embedding_network
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.training.epoch_length import training_images_per_epoch
from pipeline.similarity.training.train import LabelledPixels, SimilarityTrainingSpec, train_similarity_model

# The first epoch warms up; the others give the median.
EPOCHS = 4
STEPS_OF_CURVE = 17
TRAINING_PER_FORWARD = 4
FEWEST_IMAGES = 8
VALIDATION_IMAGES = 8
# Seconds an image beyond which a user's model is not embedded hundreds of times for a plan.
SLOW_SECONDS = 0.1


@dataclass(frozen=True)
class NetworkSeconds:
    """Seconds an image; see `Calibration` for their meaning."""

    rise_pass: float
    rise_mask: float
    embedded_image: float
    manipulated_image: float
    training_image: float
    attribute_image: float
    attribute_training_image: float
    mask_image: float
    layer_query: float


def measure_networks(settings: Settings, n_attributes: int, graded: bool, device: Device) -> NetworkSeconds:
    """Return seconds an image of both networks, at the settings' image size, precision and batch sizes.

    Batches that would take longer than a repetition may are measured smaller.

    Args:
        settings: of the run.
        n_attributes: length of the vocabulary.
        graded: whether the dataset gives graded similarity targets.
        device: where to compute; its threads must be set already.
    """
    stopwatch = Stopwatch(cpu_time=device.name == "cpu" and device.threads == 1)
    side = settings.dataset.image_size_px
    pixels = np.random.default_rng(0).integers(0, 256, (device.batch_size, side, side, 3), dtype=np.uint8)
    model = settings.similarity_model
    scorer = scorer_to_time(settings, device)
    trial = pixels[:FEWEST_IMAGES]
    alone = _seconds_alone(scorer, pixels[:1], stopwatch)
    is_slow = model.kind == "user" and alone > SLOW_SECONDS
    rough = alone if is_slow else stopwatch.median(lambda: scorer.embed(trial)) / len(trial)
    batch = pixels[: _affordable(rough, len(pixels), stopwatch)]
    # A slow model is timed on one image only: beside it, masks and canvases take no time.
    embedded_image, rise_pass, rise_mask, manipulated_image = alone, alone, 0.0, alone
    if not is_slow:
        embedded_image = stopwatch.median(lambda: scorer.embed(batch)) / len(batch)
        rise_pass, rise_mask = _measure_rise(settings, scorer, batch, stopwatch)
        manipulated_image = _measure_curves(settings, scorer, batch, stopwatch)
    predictor = build_attribute_predictor(settings.attribute_model.backbone, n_attributes, None, 0).eval()
    attribute_image = stopwatch.median(lambda: predict_attributes(predictor, batch, len(batch), device.name))
    attribute_image /= len(batch)
    # Attribute models train in batches of their own size.
    wanted = settings.attribute_model.batch_size
    return NetworkSeconds(
        rise_pass,
        rise_mask,
        embedded_image,
        manipulated_image,
        # A user's model is not trained here.
        0.0
        if model.kind == "user"
        else _measure_training(
            settings, graded, _trainable(embedded_image, model.batch_size, stopwatch), device.name, stopwatch
        ),
        attribute_image,
        _measure_attribute_training(
            settings, n_attributes, _trainable(attribute_image, wanted, stopwatch), device, stopwatch
        ),
        *measure_gradients(settings, scorer, trial, embedded_image, stopwatch),
    )


def scorer_to_time(settings: Settings, device: Device) -> SimilarityScorer:
    """Return the configuration's network, untrained, or the user's model: as fast as the one to be explained."""
    model = settings.similarity_model
    if model.kind == "user":
        network: torch.nn.Module = load_model_to_time(settings, device.name)
    else:
        network = fold_batch_norms(build_embedding_network(model.network, model.embedding_dim))
        network = network.to(device.name, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return SimilarityScorer(network, device.name, settings.compute.precision, device.batch_size)


def _seconds_alone(scorer: SimilarityScorer, pixels: np.ndarray, stopwatch: Stopwatch) -> float:
    scorer.embed(pixels)
    started = stopwatch.now()
    scorer.embed(pixels)
    return stopwatch.now() - started


def _affordable(seconds_an_image: float, most: int, stopwatch: Stopwatch) -> int:
    return min(most, max(FEWEST_IMAGES, int(stopwatch.budget / 2 / max(seconds_an_image, 1e-9))))


def _trainable(seconds_an_image: float, most: int, stopwatch: Stopwatch) -> int:
    """Return an even number of images, so that they fall into classes of two."""
    return _affordable(TRAINING_PER_FORWARD * seconds_an_image, max(most, FEWEST_IMAGES), stopwatch) // 2 * 2


def _measure_rise(
    settings: Settings, scorer: SimilarityScorer, batch: np.ndarray, stopwatch: Stopwatch
) -> tuple[float, float]:
    """Return seconds a pass, and seconds a mask of what is prepared once for all queries of a shard."""
    rise = settings.saliency.rise
    spec = RiseSpec(
        masks=len(batch), grid_cells=rise.grid_cells, keep_probability=rise.keep_probability, seed=settings.seed
    )
    references = settings.pairs.references
    request = SaliencyRequest("query", batch[0], scorer.embed(batch[np.arange(references) % len(batch)]))
    generator = build_rise(spec, scorer, settings.dataset.image_size_px)
    a_pass = stopwatch.median(lambda: generator([request])) / len(batch)
    a_mask = stopwatch.median(lambda: build_rise(spec, scorer, settings.dataset.image_size_px)) / len(batch)
    return a_pass, a_mask


def _measure_curves(settings: Settings, scorer: SimilarityScorer, batch: np.ndarray, stopwatch: Stopwatch) -> float:
    side = settings.dataset.image_size_px
    maps = np.random.default_rng(1).random((1, side, side)).astype(np.float16)
    references = scorer.embed(batch[:1])
    canvas = settings.dataset.canvas
    passes = 2 + 2 * (STEPS_OF_CURVE - 1)
    seconds = stopwatch.median(
        lambda: faithfulness_of_query(scorer, batch[0], maps, references, canvas, (0, "query"), steps=STEPS_OF_CURVE)
    )
    return seconds / passes


def _measure_training(settings: Settings, graded: bool, n_images: int, device: str, stopwatch: Stopwatch) -> float:
    model = settings.similarity_model
    if model.kind == "type_aware":
        # Whole outfits: the images that make none are not passed.
        n_images -= n_images % ITEMS_OF_OUTFIT
        seconds = measure_epoch(settings, n_images, VALIDATION_IMAGES, EPOCHS, device, stopwatch)
        return seconds / (n_images + VALIDATION_IMAGES / TRAINING_PER_FORWARD)
    values = model.model_dump(include=set(SimilarityTrainingSpec.__dataclass_fields__))
    values |= {"seed": settings.seed, "pretrained": None, "epochs": EPOCHS, "patience": EPOCHS}
    objective = ("regression" if graded else "triplet") if model.objective == "auto" else model.objective
    spec = SimilarityTrainingSpec(**{**values, "objective": objective, "batch_size": n_images})
    moments: list[float] = []
    train_similarity_model(
        spec,
        _labelled(settings, n_images),
        _labelled(settings, VALIDATION_IMAGES),
        device,
        lambda *_: moments.append(stopwatch.now()),
    )
    passes = training_images_per_epoch(objective, n_images, n_images // 2, n_images, spec.images_per_class)
    # Validation of so few images counts as a fraction of training them.
    return stopwatch.between(moments) / (passes + VALIDATION_IMAGES / TRAINING_PER_FORWARD)


def _labelled(settings: Settings, n_images: int) -> LabelledPixels:
    rng = np.random.default_rng(n_images)
    side = settings.dataset.image_size_px
    pixels = rng.integers(0, 256, (n_images, side, side, 3), dtype=np.uint8)
    return LabelledPixels(pixels, np.arange(n_images) // 2, rng.random((n_images, 8)).astype(np.float32))


def _measure_attribute_training(
    settings: Settings, n_attributes: int, n_images: int, device: Device, stopwatch: Stopwatch
) -> float:
    model = settings.attribute_model
    spec = AttributeTrainingSpec(
        backbone=model.backbone,
        epochs=EPOCHS,
        batch_size=n_images,
        heatmap_weight=model.heatmap_weight,
        patience=EPOCHS,
        threads=device.threads,
    )
    train = _attributed(settings, n_images, n_attributes)
    maps = np.full((n_images, settings.pairs.train_references, 4, 4), 1 / 16, dtype=np.float32)
    moments: list[float] = []
    train_attribute_predictor(
        spec,
        replace(train, targets_nkcc=maps if model.heatmap_weight else None),
        _attributed(settings, VALIDATION_IMAGES, n_attributes),
        device.name,
        lambda *_: moments.append(stopwatch.now()),
    )
    return stopwatch.between(moments) / (n_images + VALIDATION_IMAGES / TRAINING_PER_FORWARD)


def _attributed(settings: Settings, n_images: int, n_attributes: int) -> TrainingData:
    labelled = _labelled(settings, n_images)
    # Every other image has the first attribute, all have the last.
    labels = np.zeros((n_images, n_attributes), dtype=bool)
    labels[::2, 0] = True
    labels[:, -1] = True
    return TrainingData(labelled.pixels_nhwc, labels, None)
