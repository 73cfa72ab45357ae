"""Seconds of type-aware training, by the real training on made-up outfits. Imports torch; import it only to measure."""

import numpy as np

from flows.costs.stopwatch import Stopwatch
from flows.jobs.type_aware_model import type_aware_spec
from flows.settings.configuration import Settings
from flows.settings.similarity_model import TYPE_AWARE_KEYS
from flows.stages.type_aware import SHARED_KEYS
from pipeline.datasets.outfits import condition_name
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels
from pipeline.similarity.type_aware.training import train_type_aware_model

ITEMS_OF_OUTFIT = 4
CONDITIONS = tuple(
    condition_name(f"type{one}", f"type{other}") for one in range(ITEMS_OF_OUTFIT) for other in range(one)
)


def measure_epoch(
    settings: Settings, n_images: int, valid_images: int, epochs: int, device: str, stopwatch: Stopwatch
) -> float:
    """Return the seconds of an epoch of one step over so many images, in whole outfits.

    Args:
        settings: of the run.
        n_images: training images, two outfits of four at least.
        valid_images: validation images, likewise.
        epochs: trained; the first warms up.
        device: torch device.
        stopwatch: measures.
    """
    model = settings.similarity_model
    shortened = {"seed": settings.seed, "pretrained": None, "epochs": epochs, "patience": epochs}
    values = model.model_dump(include=SHARED_KEYS | TYPE_AWARE_KEYS)
    spec = type_aware_spec({**values, **shortened, "batch_size": n_images})
    moments: list[float] = []
    train_type_aware_model(
        spec,
        _outfits(settings, n_images),
        _outfits(settings, valid_images),
        CONDITIONS,
        device,
        lambda *_: moments.append(stopwatch.now()),
    )
    return stopwatch.between(moments)


def _outfits(settings: Settings, n_images: int) -> OutfitPixels:
    rng = np.random.default_rng(n_images)
    side = settings.dataset.image_size_px
    n_outfits = n_images // ITEMS_OF_OUTFIT
    n_items = n_outfits * ITEMS_OF_OUTFIT
    return OutfitPixels(
        rng.integers(0, 256, (n_items, side, side, 3), dtype=np.uint8),
        [f"type{number % ITEMS_OF_OUTFIT}" for number in range(n_items)],
        [f"item{number}" for number in range(n_items)],
        list(np.arange(n_items).reshape(n_outfits, ITEMS_OF_OUTFIT)),
        [f"outfit{number}" for number in range(n_outfits)],
    )
