"""The measurement behind a calibration: the real networks and jobs on a few images, seconds in all.

Imports torch in its functions; call it only to measure.
"""

import secrets
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from flows.costs.rates import FOLDER, Calibration
from flows.costs.stopwatch import Stopwatch
from flows.engine.device import resolve_device, set_arithmetic
from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.settings.compute import asked_device
from flows.settings.configuration import Settings
from flows.stages.facts import Facts
from flows.stages.saliency_maps import MAP_ROWS
from flows.stages.user_model import PROGRAM_KEY, model_paths, user_model_values
from flows.user_model.files import model_file_digest
from stores.artifacts import ArtifactStore
from stores.location import Location
from stores.parts import ArraysPart, Part, TablePart

if TYPE_CHECKING:
    import torch

    from pipeline.similarity.scorer import SimilarityScorer

# Two, as a batch norm in training mode needs; a slow model is not timed on hundreds.
FEWEST_IMAGES = 2
SAMPLE_IMAGES = 8
BACKWARD_PER_FORWARD = 3
QUERIES, SLOTS = 8, 2


def measure(settings: Settings, facts: Facts) -> Calibration:
    """Return the seconds of all rates on this machine, at the settings' image size, precision and batch size.

    Raises:
        BadRequest: a CUDA device is asked for and there is none.
        BadModel: a user's model cannot be loaded; its code is run.
        ReadOnlyStore: the store cannot be written.
    """
    start_up = _load_torch()
    device = resolve_device(asked_device(settings))
    set_arithmetic(device.threads)
    stopwatch = Stopwatch(cpu_time=device.name == "cpu" and device.threads == 1)
    forward, gradient = _similarity_seconds(settings, device, stopwatch)
    attribute_forward, attribute_gradient = _attribute_seconds(settings, len(facts.attribute_names), device, stopwatch)
    written, read = measure_store(Location.parse(settings.store.root), settings.dataset.image_size_px)
    return Calibration(
        forward_image=forward,
        gradient_image=gradient,
        attribute_forward_image=attribute_forward,
        attribute_gradient_image=attribute_gradient,
        prepared_image=measure_images(facts),
        written_shard=written,
        read_part=read,
        start_up=start_up,
    )


def scorer_to_time(settings: Settings, device: Device) -> "SimilarityScorer":
    """Return the configuration's network, untrained, or the user's model: as fast as the one to be explained."""
    import torch

    from pipeline.networks import fold_batch_norms
    from pipeline.similarity.networks import build_embedding_network
    from pipeline.similarity.scorer import SimilarityScorer

    model = settings.similarity_model
    if model.kind == "user":
        network: torch.nn.Module = _user_model(settings, device.name)
    else:
        network = fold_batch_norms(build_embedding_network(model.network, model.embedding_dim))
        network = network.to(device.name, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return SimilarityScorer(network, device.name, settings.compute.precision, device.batch_size)


def _user_model(settings: Settings, device: str) -> "torch.nn.Module":
    from flows.user_model.loading import load_user_model

    model = settings.similarity_model
    files = {
        name: model_file_digest(str(path), f"similarity_model.factory_files.{name}")
        for name, path in model.factory_files.items()
    }
    program, digest = None, None
    if model.program is not None:
        program, digest = model.program.read_bytes(), model_file_digest(str(model.program), PROGRAM_KEY)
    description = {**user_model_values(settings), "files": files, "program": digest}
    return load_user_model(description, model_paths(model), program, device)


def _similarity_seconds(settings: Settings, device: Device, stopwatch: Stopwatch) -> tuple[float, float]:
    """Return seconds an image forward, and forward and backward; 0 for the latter of a black box."""
    scorer = scorer_to_time(settings, device)
    pixels = _made_up_images(device.batch_size, settings.dataset.image_size_px)
    batch = _affordable(pixels, lambda some: scorer.embed(some), stopwatch)
    forward = stopwatch.median(lambda: scorer.embed(batch)) / len(batch)
    model = settings.similarity_model
    if model.kind == "user":
        # Never trained, only explained.
        is_black_box = getattr(scorer.network, "is_black_box", False)
        return forward, 0.0 if is_black_box else _gradient_seconds(scorer.network.eval(), batch, device, stopwatch)
    from pipeline.similarity.networks import build_embedding_network

    network = build_embedding_network(model.network, model.embedding_dim)
    return forward, _gradient_seconds(network.train(), batch, device, stopwatch)


def _attribute_seconds(
    settings: Settings, n_attributes: int, device: Device, stopwatch: Stopwatch
) -> tuple[float, float]:
    """Return seconds an image through the attribute predictor, and forward and backward; 0 without attributes."""
    if not n_attributes:
        return 0.0, 0.0
    from pipeline.attributes.predictor import PredictorSpec, build_attribute_predictor, predict_attributes

    spec = PredictorSpec(settings.attribute_model.backbone, n_attributes)
    predictor = build_attribute_predictor(spec, None, 0).eval()
    pixels = _made_up_images(device.batch_size, settings.dataset.image_size_px)

    def predict(some: np.ndarray) -> object:
        return predict_attributes(predictor, some, len(some), device.name)

    batch = _affordable(pixels, predict, stopwatch)
    forward = stopwatch.median(lambda: predict(batch)) / len(batch)
    return forward, _gradient_seconds(predictor.train(), batch, device, stopwatch)


def _gradient_seconds(
    network: "torch.nn.Module", pixels_nhwc: np.ndarray, device: Device, stopwatch: Stopwatch
) -> float:
    """Return seconds an image forward and backward, to its pixels as well."""
    import torch

    from pipeline.images import normalise_pixels

    network = network.to(device.name)
    few = pixels_nhwc[: max(FEWEST_IMAGES, len(pixels_nhwc) // BACKWARD_PER_FORWARD)]
    images_nchw = normalise_pixels(few, device.name).requires_grad_()

    def step() -> None:
        output = network(images_nchw)
        first = output[0] if isinstance(output, tuple) else output
        # A user's network may cut its output off from its input.
        if first.requires_grad:
            first.float().square().mean().backward()
        if device.name.startswith("cuda"):
            torch.cuda.synchronize()

    return stopwatch.median(step) / len(few)


def _affordable(pixels: np.ndarray, run: Callable[[np.ndarray], object], stopwatch: Stopwatch) -> np.ndarray:
    """Return as many of the images as half of the budget allows for, a few at least."""
    few = pixels[:FEWEST_IMAGES]
    run(few)
    started = stopwatch.now()
    run(few)
    each = max((stopwatch.now() - started) / len(few), 1e-9)
    return pixels[: max(FEWEST_IMAGES, int(stopwatch.budget / 2 / each))]


def _made_up_images(n_images: int, side_px: int) -> np.ndarray:
    shape = (max(n_images, FEWEST_IMAGES), side_px, side_px, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def measure_images(facts: Facts) -> float:
    """Return seconds an image decoded or rendered, by the job itself on a few images of the training split."""
    from flows.jobs import images

    stage, rows = facts.images_stage, facts.rows("train")
    step = max(1, len(rows) // SAMPLE_IMAGES)
    chosen = [{"sha256": None, **row} for row in rows[::step][:SAMPLE_IMAGES]]
    stopwatch = Stopwatch(cpu_time=True)
    settings, paths = dict(stage.settings), dict(stage.paths)
    task = ShardTask(
        "",
        stage.name,
        stage.job,
        "",
        "",
        settings,
        paths,
        {"rows": chosen},
        {},
        Device("cpu", 1, 1),
        tables=stage.tables,
    )
    inputs = JobInputs(task, Upstream(ArtifactStore("memory"), {}))
    return stopwatch.median(lambda: images.run(inputs)) / len(chosen)


def measure_store(root: Location, image_size_px: int) -> tuple[float, float]:
    """Return (seconds to commit a small shard, seconds to read a part of it), in a folder that is removed again.

    Raises:
        ReadOnlyStore: the store cannot be written.
    """
    from stores.tables import table_from_rows

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


def _load_torch() -> float | None:
    """Return the seconds that loading took, None where torch was there already."""
    if "torch" in sys.modules:
        return None
    # CPU time: a busy machine would make this look longer than all the rest.
    started = time.process_time()
    import flows.jobs.attribute_model
    import flows.jobs.saliency_maps
    import flows.jobs.similarity_model  # noqa: F401

    return time.process_time() - started
