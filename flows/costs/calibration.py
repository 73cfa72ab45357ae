"""Seconds of the work's building blocks on this device, measured once and kept beside the artifacts.

    <store>/calibration/<key>.json

The key names what the seconds depend on: device, threads, precision, image size, networks and batch sizes.
"""

import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.engine.device import AUTO, asked_device, resolve_device, usable_cores
from flows.engine.hardware import ACCELERATOR_FILES, processor_name
from flows.settings.configuration import Settings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.stages.user_model import user_model_values
from flows.user_model.files import model_file_digest
from pipeline.saliency.catalogue import GENERATORS
from stores.errors import MissingArtifact
from stores.fingerprints import fingerprint
from stores.location import Location

# Raised when what is measured changes, so that older measurements are made anew.
VERSION = 2
FOLDER = "calibration"


@dataclass(frozen=True)
class Calibration:
    """Seconds on one device, at one image size, precision and batch size; medians of several repetitions.

    What one thread computes is counted in CPU time, so that a busy machine makes it hardly longer.

    Attributes:
        rise_pass: a masked image in RISE, with its mask and its share of the reduction to maps.
        rise_mask: a mask's share of what RISE prepares once a shard.
        embedded_image: an image through the similarity network.
        manipulated_image: an image of an insertion or deletion curve, made and embedded.
        training_image: an image of a training step of the similarity model.
        attribute_image: an image through the attribute predictor.
        attribute_training_image: an image of its training step.
        mask_image: an image of a step of Mask, forward and backward; 0 where the configuration makes no such maps.
        layer_query: a query of a generator that looks at a layer, with its references; 0 where there is none.
        image: an image decoded or rendered.
        edited_image: a planted item rendered with an edit; 0 for photographs.
        shard_written: a small shard committed.
        part_read: a small part read and verified.
        start_up: torch and what the jobs import loaded, once a process; None where it was loaded already.
    """

    rise_pass: float
    rise_mask: float
    embedded_image: float
    manipulated_image: float
    training_image: float
    attribute_image: float
    attribute_training_image: float
    mask_image: float
    layer_query: float
    image: float
    edited_image: float
    shard_written: float
    part_read: float
    start_up: float | None


def calibration_key(settings: Settings, n_attributes: int) -> Mapping[str, Any]:
    """Return everything that the seconds depend on, by name; imports torch only where an accelerator may be."""
    attribute_model = settings.attribute_model
    return {
        "version": VERSION,
        "device": device_name(settings),
        "threads": settings.compute.threads or usable_cores(),
        "precision": settings.compute.precision,
        "batch_size": settings.compute.batch_size,
        "image_size_px": settings.dataset.image_size_px,
        "dataset": settings.dataset.kind,
        "effective_resolution_px": settings.dataset.effective_resolution_px,
        "grid_cells": settings.saliency.rise.grid_cells,
        **_model_key(settings),
        "backbone": attribute_model.backbone,
        "attributes": n_attributes,
        "gradients": {name: _gradient_settings(settings, name) for name in asked_gradients(settings)},
        "attribute_training": [attribute_model.batch_size, attribute_model.heatmap_weight > 0],
        "torch": importlib.metadata.version("torch"),
    }


def asked_gradients(settings: Settings) -> list[str]:
    """Return the generators that take gradients, of those that the configuration asks for."""
    return sorted(name for name in set(settings.saliency.generators) if GENERATORS[name].is_white_box)


def _gradient_settings(settings: Settings, generator: str) -> Mapping[str, Any]:
    section = settings.saliency.section(generator)
    assert section is not None, f"{generator} has no section"
    asked = section.spec(section.modes[0], supervises=False)
    # Plans multiply by these.
    return {"mode": section.modes[0], **{key: value for key, value in asked.items() if key != "iterations"}}


def _model_key(settings: Settings) -> Mapping[str, Any]:
    model = settings.similarity_model
    if model.kind != "user":
        return {
            "network": model.network,
            "embedding_dim": model.embedding_dim,
            "training": _training_key(model),
        }
    # Weights handed to a factory change what it says, not how long it takes.
    values = user_model_values(settings)
    if model.program is not None:
        values["program"] = model_file_digest(str(model.program), "similarity_model.program")
    return {"user_model": values}


def _training_key(model: SimilarityModelSettings) -> list[Any]:
    if model.kind == "type_aware":
        return [model.kind, model.batch_size, model.negatives]
    return [model.objective, model.batch_size, model.images_per_class]


def calibration_file(store: Location, key: Mapping[str, Any]) -> Location:
    """Return where the seconds of this key are kept."""
    return store.child(FOLDER, f"{fingerprint(dict(key))[:16]}.json")


def read_calibration(place: Location) -> Calibration | None:
    """Return the seconds kept there, None where there are none or the file is damaged: they are measured again."""
    try:
        seconds = json.loads(place.read_bytes())["seconds"]
        found = Calibration(**seconds)
    except (MissingArtifact, ValueError, KeyError, TypeError, RecursionError):
        return None
    values = dataclasses.asdict(found)
    if values["start_up"] is None:
        del values["start_up"]
    good = all(type(value) in (int, float) and 0 <= value < float("inf") for value in values.values())
    return found if good else None


def keep_calibration(place: Location, key: Mapping[str, Any], seconds: Calibration) -> None:
    """Write the seconds with their key and the machine's load at the time.

    Raises:
        ReadOnlyStore: the place cannot be written.
    """
    record = {"key": dict(key), "seconds": dataclasses.asdict(seconds), "load_average": list(os.getloadavg())}
    place.replace_bytes(json.dumps(record, indent=2, sort_keys=True).encode())


def device_name(settings: Settings) -> str:
    """Return the name of the hardware behind `compute.device`, such as a processor's or an accelerator's model.

    Raises:
        BadSetting: a CUDA device is asked for and there is none.
    """
    asked = settings.compute.device
    # Where there may be an accelerator, torch has to be asked for its name.
    if asked == "cpu" or (asked == AUTO and not any(Path(file).exists() for file in ACCELERATOR_FILES)):
        return f"cpu {processor_name()}"
    device = resolve_device(asked_device(settings))
    if device.name == "cpu":
        return f"cpu {processor_name()}"
    import torch

    return f"{device.name} {torch.cuda.get_device_name(device.name)}"
