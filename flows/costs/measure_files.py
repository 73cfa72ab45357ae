"""Seconds of what is no network: decoding or rendering an image, committing a small shard, reading one back."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from flows.costs.calibration import FOLDER
from flows.costs.stopwatch import Stopwatch
from flows.stages.dataset_shards import planted_spec
from flows.stages.tables import MAP_ROWS
from pipeline.datasets.folder_files import contained_path
from pipeline.datasets.image_decoding import decode_image
from pipeline.datasets.planted.edits import measuring_edits, null_background_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import render_item, render_with_edit
from pipeline.errors import BadImage
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.parts import ArraysPart, Part, TablePart
from stores.tables import table_from_rows

SAMPLE_IMAGES = 8
QUERIES, SLOTS = 8, 2


@dataclass(frozen=True)
class ImageSource:
    """Where images come from: settings and folder of the stage `images`, a few of its rows, and the vocabulary."""

    settings: Mapping[str, Any]
    root: str | None
    rows: Sequence[Mapping[str, Any]]
    attributes: Sequence[str]


def measure_images(source: ImageSource) -> tuple[float, float]:
    """Return (seconds an image decoded or rendered, seconds a planted item rendered with an edit or 0)."""
    stopwatch = Stopwatch(cpu_time=True)
    step = max(1, len(source.rows) // SAMPLE_IMAGES)
    rows = source.rows[::step][:SAMPLE_IMAGES]
    seconds = stopwatch.median(lambda: [_make_image(source, row) for row in rows]) / len(rows)
    if source.settings["kind"] != "planted":
        return seconds, 0.0
    image_id = rows[0]["image_id"]
    edits = len(_render_edits(source, image_id))
    return seconds, stopwatch.median(lambda: _render_edits(source, image_id)) / edits


def measure_store(root: Location, image_size_px: int) -> tuple[float, float]:
    """Return (seconds to commit a small shard, seconds to read a part of it), in a folder that is removed again.

    Raises:
        ReadOnlyStore: the store cannot be written.
    """
    stopwatch = Stopwatch(cpu_time=False, budget=0.5)
    place = root.child(FOLDER, f"trial-{secrets.token_hex(6)}")
    store = ArtifactStore(place)
    maps = np.random.default_rng(0).random((QUERIES, SLOTS, image_size_px, image_size_px)).astype(np.float16)
    rows = [
        {"pair_id": f"{row:016x}", "query": "q", "reference": "r", "row": row, "map_sha256": f"{row:064x}"}
        for row in range(QUERIES * SLOTS)
    ]
    parts: dict[str, Part] = {
        "maps": ArraysPart({"maps": maps}, {"maps": ("query", "reference_slot", "y", "x")}),
        "map_rows": TablePart(MAP_ROWS, table_from_rows(MAP_ROWS, rows)),
    }
    numbers = count()
    try:
        written = stopwatch.quickest(lambda: store.commit_shard("trial", f"{next(numbers)}", "all", parts, {}, 0.0, {}))
        commit = store.require_commit("trial", "0")
        read = stopwatch.quickest(lambda: (store.read_part(commit, "maps"), store.read_part(commit, "map_rows"))) / 2
    finally:
        place.remove_tree()
    return written, read


def _make_image(source: ImageSource, row: Mapping[str, Any]) -> np.ndarray:
    settings = source.settings
    if settings["kind"] == "planted":
        return render_item(planted_spec(settings), row["image_id"])
    path = contained_path(Path(str(source.root)), row["path"])
    try:
        data = path.read_bytes()
        sha256(data).hexdigest()
        size, canvas = settings["image_size_px"], tuple(settings["canvas"])
        return decode_image(data, str(path), size, canvas, settings["effective_resolution_px"])[0]
    except (BadImage, OSError):
        # The run will list it as unreadable; here it only costs what it costs.
        return np.zeros(0, np.uint8)


def _render_edits(source: ImageSource, image_id: str) -> list[np.ndarray]:
    """Return what the true effects of one item need rendered."""
    spec = planted_spec(source.settings)
    images = [render_item(spec, image_id)]
    for _, present, edits in measuring_edits(sample_item(spec, image_id), source.attributes):
        images += [render_with_edit(spec, image_id, edit) for edit in edits]
        if present:
            images.append(null_background_edits(spec, image_id, 16, len(images)))
    return images
