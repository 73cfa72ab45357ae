"""Decided precisions and batch sizes, kept beside the calibrations; needs no torch.

    <store>/calibration/precision-<key>.json    for one trained model
    <store>/calibration/batch-<key>.json        for one network, whatever its weights

The first to be kept stays: every later run has the same answer, and so the same results.
"""

import importlib.metadata
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from flows.costs.rates import FOLDER
from flows.engine.device import usable_cores
from flows.engine.hardware import hardware_name
from flows.settings.configuration import Settings
from flows.stages.generator_spec import generator_spec
from flows.stages.user_model import user_model_values
from flows.user_model.files import model_file_digest
from pipeline.evaluation.precision.verdict import BFLOAT16, FLOAT32, LARGEST_SHARE_OF_NOISE, LEAST_SPEEDUP
from pipeline.saliency.declaration import FIXED
from stores.errors import MissingArtifact, ReadOnlyStore
from stores.fingerprints import fingerprint
from stores.location import Location

# Raised when what is measured or judged changes, so that older decisions are made anew.
VERSION = 1
QUERIES, REFERENCES = 8, 2


@dataclass(frozen=True)
class KeptPrecision:
    """A decision on precision.

    Attributes:
        precision: float32 or bfloat16.
        reason: in words, with the figures.
        figures: images per second and batch size of either precision; where maps were compared, what differs.
    """

    precision: str
    reason: str
    figures: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.precision not in (FLOAT32, BFLOAT16) or not isinstance(self.reason, str):
            raise ValueError(f"no precision: {self.precision!r}")
        if not isinstance(self.figures, Mapping):
            raise ValueError(f"no figures: {self.figures!r}")


@dataclass(frozen=True)
class KeptBatch:
    """A decision on the batch size, with images per second by batch size, both as text in JSON."""

    batch_size: int
    images_per_second: Mapping[str, float]

    def __post_init__(self) -> None:
        if type(self.batch_size) is not int or self.batch_size < 1:
            raise ValueError(f"no batch size: {self.batch_size!r}")
        # As text in JSON, so that a size that is no number is refused here.
        speeds = {int(size): speed for size, speed in dict(self.images_per_second).items()}
        if any(type(speed) not in (int, float) for speed in speeds.values()):
            raise ValueError(f"no images per second: {speeds!r}")


Kept = TypeVar("Kept", KeptPrecision, KeptBatch)


def batch_key(settings: Settings, precision: str) -> Mapping[str, Any]:
    """Return what the best batch size depends on, by name."""
    return {**_device_key(settings), "precision": precision, **_network_key(settings)}


def precision_key(settings: Settings, model_fingerprint: str) -> Mapping[str, Any]:
    """Return what the choice of precision depends on, by name.

    Args:
        settings: of one seed.
        model_fingerprint: of the stage `similarity_model`.
    """
    return {
        **_device_key(settings),
        "model": model_fingerprint,
        "rise": generator_spec(settings, "rise", FIXED),
        "seed": settings.seed,
        "canvas": list(settings.dataset.canvas),
        "sample": [QUERIES, REFERENCES],
        "limits": [LARGEST_SHARE_OF_NOISE, LEAST_SPEEDUP],
    }


def precision_file(settings: Settings, key: Mapping[str, Any]) -> Location:
    """Return where the decision of this key is kept."""
    return _file(settings, "precision", key)


def batch_file(settings: Settings, key: Mapping[str, Any]) -> Location:
    """Return where the decision of this key is kept."""
    return _file(settings, "batch", key)


def read_kept(place: Location, kind: type[Kept]) -> Kept | None:
    """Return the decision kept there; None where there is none or the file is damaged, so that it is made again."""
    try:
        return kind(**json.loads(place.read_bytes())["decision"])
    except (MissingArtifact, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep(place: Location, key: Mapping[str, Any], decision: Kept, notify: Callable[[str], None]) -> Kept:
    """Return the decision that is kept from now on: this one, or that of another run which was first.

    Args:
        place: see `precision_file` and `batch_file`.
        key: what it depends on, kept with it for people to read.
        decision: as made.
        notify: called with a line where it cannot be kept, so that the next run will decide again.
    """
    record = {"key": dict(key), "decision": asdict(decision), "load_average": list(os.getloadavg())}
    data = json.dumps(record, indent=2, sort_keys=True).encode()
    try:
        if place.create_bytes(data):
            return decision
        first = read_kept(place, type(decision))
        if first is None:
            place.replace_bytes(data)
        return first or decision
    except ReadOnlyStore as error:
        notify(f"this decision could not be kept: {error.found}")
        return decision


def _file(settings: Settings, kind: str, key: Mapping[str, Any]) -> Location:
    return Location.parse(settings.store.root).child(FOLDER, f"{kind}-{fingerprint(dict(key))[:16]}.json")


def _device_key(settings: Settings) -> Mapping[str, Any]:
    return {
        "version": VERSION,
        "hardware": hardware_name(settings.compute.device),
        "threads": settings.compute.threads or usable_cores(),
        "torch": importlib.metadata.version("torch"),
        "image_size_px": settings.dataset.image_size_px,
    }


def _network_key(settings: Settings) -> Mapping[str, Any]:
    model = settings.similarity_model
    if model.kind != "user":
        return {"network": model.network, "embedding_dim": model.embedding_dim}
    # Weights handed to a factory change what it says, not how long it takes.
    values = {name: value for name, value in user_model_values(settings).items() if name != "precision"}
    if model.program is not None:
        values["program"] = model_file_digest(str(model.program), "similarity_model.program")
    return {"user_model": values}
