"""The measurements behind a decision. Imports torch; import this module only to measure."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from flows.auto_compute.kept import QUERIES, REFERENCES
from flows.auto_compute.resolve import MODEL, images_stage, stages_before_precision, with_precision
from flows.costs.measure import scorer_to_time
from flows.costs.stopwatch import Stopwatch
from flows.engine.device import resolve_device, set_arithmetic
from flows.engine.device_memory import free_device_memory, is_out_of_memory
from flows.engine.plan_graph import plan_stages
from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.upstream import Upstream
from flows.readers.scorer import forget_models, load_scorer
from flows.settings.compute import asked_device
from flows.settings.configuration import Settings
from flows.stages.generator_spec import generator_spec
from flows.stages.user_model import model_paths
from pipeline.errors import BadSetting
from pipeline.evaluation.precision.agreement import ComparedQuery, compare_precisions, with_nearest_references
from pipeline.evaluation.precision.verdict import BFLOAT16, FLOAT32, Agreement
from pipeline.images import normalise_pixels
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.similarity.batch_choice import BatchChoice, choose_batch_size, largest_that_fits
from pipeline.similarity.graph_capture import CapturedForward
from pipeline.similarity.scorer import Replay, SimilarityScorer
from stores.artifacts import ArtifactStore

LARGEST_ON_CPU, LARGEST_ON_ACCELERATOR = 512, 4096
# Images among which queries and their references are found.
SAMPLE_IMAGES = 64
SPLIT = "valid"


def device_to_measure(settings: Settings) -> Device:
    """Return the device of this process, its threads set.

    Raises:
        BadSetting: a CUDA device is asked for and there is none.
    """
    device = resolve_device(asked_device(settings))
    set_arithmetic(device.threads)
    return device


def measure_batches(settings: Settings, precision: str) -> BatchChoice:
    """Return the best batch size at a precision.

    Raises:
        BadSetting: see device_to_measure; or not even one image fits into its memory.
    """
    device = device_to_measure(settings)
    largest = LARGEST_ON_CPU if device.name == "cpu" else LARGEST_ON_ACCELERATOR
    return choose_batch_size(_pass_seconds_of(settings, precision, device), largest)


def measure_rate(settings: Settings, precision: str, batch_size: int) -> BatchChoice:
    """Return images per second of one batch size, halved where it does not fit.

    Raises:
        BadSetting: see measure_batches.
    """
    return largest_that_fits(_pass_seconds_of(settings, precision, device_to_measure(settings)), batch_size)


def _pass_seconds_of(settings: Settings, precision: str, device: Device) -> Callable[[int], float | None]:
    scorer = replace(scorer_to_time(with_precision(settings, FLOAT32), device), precision=precision)
    # As jobs do it, see flows.readers.scorer.
    is_recorded = device.name.startswith("cuda") and settings.similarity_model.kind != "user"
    return pass_seconds(scorer, settings.dataset.image_size_px, device, CapturedForward if is_recorded else None)


def pass_seconds(
    scorer: SimilarityScorer,
    size_px: int,
    device: Device,
    record: Callable[[SimilarityScorer], Replay] | None = None,
) -> Callable[[int], float | None]:
    """Return a function that gives the median seconds of a pass of so many images, None where they do not fit.

    Args:
        scorer: whose passes are timed.
        size_px: side of the images.
        device: of the scorer.
        record: makes of a scorer's forward pass one that is recorded and replayed; None: it is called as it is.
    """
    stopwatch = Stopwatch(cpu_time=device.name == "cpu" and device.threads == 1)

    def seconds_of(batch_size: int) -> float | None:
        pixels = np.random.default_rng(0).integers(0, 256, (batch_size, size_px, size_px, 3), dtype=np.uint8)

        def timed() -> float:
            images_nchw = normalise_pixels(pixels, device.name)
            # Made anew for each size, so that what it records is given back.
            sized = replace(scorer, batch_size=batch_size)
            timed_scorer = sized if record is None else replace(sized, replay=record(sized))
            # A pass is recorded with the second full batch: in the stopwatch's warming up.
            timed_scorer.embed_tensor(images_nchw)
            # The scorer's check of its vectors waits for the device.
            return stopwatch.median(lambda: timed_scorer.embed_tensor(images_nchw))

        seconds = within_memory(timed)
        free_device_memory(device.name)
        return seconds

    return seconds_of


def within_memory(measure: Callable[[], float]) -> float | None:
    """Return what is measured, None where the device runs out of memory over it."""
    try:
        return measure()
    except RuntimeError as error:
        # Left before anything is freed: the error's frames hold the tensors that filled the memory.
        if is_out_of_memory(error):
            return None
        raise


def measure_agreement(settings: Settings, batch_sizes: dict[str, int]) -> Agreement:
    """Return what bfloat16 changes in the maps of a few validation images, beside what another mask seed does.

    The general embedding is compared of a model that has conditions. Batches are halved until they fit.

    Args:
        settings: of one seed; its images and its similarity model must be current.
        batch_sizes: by precision.

    Raises:
        BadModel: the model returns NaN or zero vectors at a precision.
        BadSetting: fewer than two validation images.
        StoreError: the images or the model cannot be read.
    """
    device = device_to_measure(settings)
    sizes = dict(batch_sizes)
    while True:
        try:
            return _agreement(settings, device, sizes)
        except RuntimeError as error:
            if not is_out_of_memory(error) or max(sizes.values()) == 1:
                raise
        finally:
            # Jobs may run in other processes, with the device's memory for themselves.
            forget_models()
            free_device_memory(device.name)
        sizes = {precision: max(size // 2, 1) for precision, size in sizes.items()}


def _agreement(settings: Settings, device: Device, batch_sizes: dict[str, int]) -> Agreement:
    upstream = _upstream(settings)
    exact, reduced = (
        _trained(settings, upstream, replace(device, batch_size=batch_sizes[precision]), precision)
        for precision in (FLOAT32, BFLOAT16)
    )
    spec = RiseSpec(seed=settings.seed, **generator_spec(settings, "rise", FIXED))
    return compare_precisions(
        exact, reduced, _queries(exact, upstream, images_stage(settings)), spec, settings.dataset.canvas
    )


def _upstream(settings: Settings) -> Upstream:
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(stages_before_precision(settings), store)
    return Upstream(store, {plan.stage.name: plan.manifest for plan in plans if plan.manifest is not None})


def _trained(settings: Settings, upstream: Upstream, device: Device, precision: str) -> SimilarityScorer:
    paths = dict(model_paths(settings.similarity_model))
    task = ShardTask(settings.store.root, MODEL, "embeddings", "", "", {"precision": precision}, paths, {}, {}, device)
    return load_scorer(JobInputs(task, upstream))


def _queries(exact: SimilarityScorer, upstream: Upstream, images: str) -> list[ComparedQuery]:
    ids: list[str] = []
    pixels: list[np.ndarray] = []
    for commit in upstream.commits(images, SPLIT):
        ids += upstream.store.read_part_table(commit, "images", ["image_id"])["image_id"].to_pylist()
        pixels.append(upstream.store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"])
        if len(ids) >= SAMPLE_IMAGES:
            break
    if len(ids) < 2:
        raise BadSetting(
            expected="at least two validation images, whose maps are compared at both precisions",
            found=str(len(ids)),
            where="compute.precision = 'auto'",
            remedy="set compute.precision to 'float32' or 'bfloat16'",
        )
    sample = np.concatenate(pixels)[:SAMPLE_IMAGES]
    return with_nearest_references(exact, ids, sample, QUERIES, REFERENCES)
