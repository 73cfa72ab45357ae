"""Seconds of the work's building blocks on this device, measured once and kept beside the artifacts.

    <store>/calibration/<key>.json

The key names what the seconds depend on: device, threads, precision, image size, networks and batch size.
"""

import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from flows.costs.measure import measure
from flows.costs.rates import FOLDER, Calibration
from flows.engine.device import usable_cores
from flows.engine.hardware import hardware_name
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.user_model import user_model_values
from flows.user_model.files import model_file_digest
from stores.errors import MissingArtifact, ReadOnlyStore
from stores.fingerprints import fingerprint
from stores.location import Location

# Raised when what is measured changes, so that older measurements are made anew.
VERSION = 3


def calibrated(settings: Settings, facts: Facts, anew: bool, notify: Callable[[str], None]) -> Calibration:
    """Return this device's seconds: those kept beside the artifacts, or measured now and kept there.

    Args:
        settings: of the run.
        facts: of the data.
        anew: measure even where seconds are kept.
        notify: called with a line for the user before anything is measured.

    Raises:
        BadRequest: a CUDA device is asked for and there is none.
    """
    store = Location.parse(settings.store.root)
    key = calibration_key(settings, len(facts.attribute_names))
    place = calibration_file(store, key)
    kept = None if anew else read_calibration(place)
    if kept is not None:
        return kept
    notify(f"calibrating this device once, about 10 s and the time to load torch ({key['device']})")
    seconds = measure(settings, facts)
    try:
        keep_calibration(place, key, seconds)
    except ReadOnlyStore as error:
        notify(f"these seconds could not be kept: {error.found}")
    return seconds


def kept_calibration(settings: Settings, facts: Facts) -> Calibration | None:
    """Return this device's seconds where they are kept beside the artifacts; nothing is measured.

    Raises:
        BadRequest: a CUDA device is asked for and there is none.
    """
    key = calibration_key(settings, len(facts.attribute_names))
    return read_calibration(calibration_file(Location.parse(settings.store.root), key))


def calibration_key(settings: Settings, n_attributes: int) -> Mapping[str, Any]:
    """Return everything that the seconds depend on, by name."""
    return {
        "version": VERSION,
        "device": hardware_name(settings.compute.device),
        "threads": settings.compute.threads or usable_cores(),
        "precision": settings.compute.precision,
        "batch_size": settings.compute.batch_size,
        "image_size_px": settings.dataset.image_size_px,
        "dataset": settings.dataset.kind,
        "effective_resolution_px": settings.dataset.effective_resolution_px,
        **_model_key(settings),
        "backbone": settings.attribute_model.backbone,
        "attributes": n_attributes,
        "torch": importlib.metadata.version("torch"),
    }


def _model_key(settings: Settings) -> Mapping[str, Any]:
    model = settings.similarity_model
    if model.kind != "user":
        return {"network": model.network, "embedding_dim": model.embedding_dim}
    # Weights handed to a factory change what it says, not how long it takes.
    values = user_model_values(settings)
    if model.program is not None:
        values["program"] = model_file_digest(str(model.program), "similarity_model.program")
    return {"user_model": values}


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
