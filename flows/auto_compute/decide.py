"""Deciding what "auto" stands for, once, in the process that a run is started from.

A precision is decided for a trained model, so a run that has no decision yet brings images and model up to date first:
nothing of these depends on precision. Then it decides, and goes on with all stages as if the file had said so.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from flows.auto_compute.kept import (
    KeptBatch,
    KeptPrecision,
    batch_file,
    batch_key,
    keep,
    precision_file,
    precision_key,
)
from flows.auto_compute.resolve import (
    MODEL,
    images_stage,
    kept_batch,
    kept_precision,
    model_fingerprint,
    resolved,
    stages_before_precision,
    with_batch_size,
    with_precision,
)
from flows.engine.device import AUTO
from flows.engine.request import check_stage_names, needed_for
from flows.settings.asked_run import AskedRun
from flows.settings.compute import dask_options
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.errors import BadModel, BadSetting
from pipeline.evaluation.precision.verdict import BFLOAT16, FLOAT32, Agreement, Verdict, judge, too_slow

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Runs:
    """How a run is done, and whether it has anything to do; for deciding what it will be done with."""

    run: Callable[[AskedRun], object]
    has_work: Callable[[AskedRun], bool]


def decided(request: AskedRun, runs: Runs, notify: Notify) -> AskedRun:
    """Return the request with a precision and a batch size in settings and overrides, measuring where none is kept.

    Args:
        request: of one seed.
        runs: called for the images and the model where a precision has to be decided first, and asked whether
            there is anything to do.
        notify: called with a line for the user about each decision, and before anything is measured.

    Raises:
        BadSetting: jobs will compute on machines that this one cannot measure, or there is no such stage, or device.
        PipelineError, StoreError: of the first stage that fails.
    """
    if AUTO not in (request.settings.compute.precision, request.settings.compute.batch_size):
        return request
    _refuse_remote(request.settings)
    before = stages_before_precision(request.settings)
    check_stage_names(
        build_stages(with_precision(request.settings, FLOAT32)), request.until, request.force, request.adopt
    )
    if request.until in {stage.name for stage in before}:
        # None of these is a pass of the similarity model, but for a user's model's checks.
        return _with(request, resolved(request.settings, notify))
    return _with_batch_size(_with_precision(request, runs.run, notify), runs.has_work, notify)


def _refuse_remote(settings: Settings) -> None:
    if settings.compute.dask_address is None or dask_options(settings) is None:
        return
    raise BadSetting(
        expected="compute.precision and compute.batch_size that are given",
        found="'auto', which is measured on the machine that the run is started from",
        where=f"compute.dask_address = {settings.compute.dask_address!r}, whose workers may be other machines",
        remedy="give both, such as compute.precision = 'float32' and compute.batch_size = 100; "
        "a run without a Dask address on a machine like the workers' tells what suits them",
    )


def _with_precision(request: AskedRun, run: Callable[[AskedRun], object], notify: Notify) -> AskedRun:
    if request.settings.compute.precision != AUTO:
        return request
    kept = kept_precision(request.settings)
    if kept is None:
        request = _brought_to_the_model(request, run)
        # Inputs that had to be made anew may have come out as they were, and so the model.
        kept = kept_precision(request.settings) or _decide_precision(request.settings, notify)
    notify(f"compute.precision = 'auto' is {kept.precision}: {kept.reason}")
    return _with(request, with_precision(request.settings, kept.precision))


def _brought_to_the_model(request: AskedRun, run: Callable[[AskedRun], object]) -> AskedRun:
    """Bring images and model up to date, and return the request without what was forced and adopted on the way."""
    # A name pins what a run used: that is the whole run, which goes through these stages again.
    first = replace(_with(request, resolved(with_precision(request.settings, FLOAT32))), name="")
    stages = stages_before_precision(request.settings)
    done: set[str] = set()
    # A model from a weights file needs no images, but maps do.
    images = images_stage(request.settings)
    for target in [MODEL] if images in needed_for(stages, MODEL) else [images, MODEL]:
        needed = needed_for(stages, target) - done
        forced, adopted = (tuple(name for name in names if name in needed) for names in (request.force, request.adopt))
        run(replace(first, until=target, force=forced, adopt=adopted))
        done |= needed
    left = (tuple(name for name in names if name not in done) for names in (request.force, request.adopt))
    force, adopt = left
    return replace(request, force=force, adopt=adopt)


def _decide_precision(settings: Settings, notify: Notify) -> KeptPrecision:
    model = model_fingerprint(settings)
    assert model is not None, "the model's inputs were brought up to date"
    key = precision_key(settings, model)
    notify("deciding compute.precision for this model on this device, once")
    asked = {precision: _batch_size(settings, precision, notify) for precision in (FLOAT32, BFLOAT16)}
    # One right after the other, whenever the batch sizes were chosen: a busier moment would look like a slower one.
    timed = {precision: _timed(settings, precision, size) for precision, size in asked.items()}
    batch_sizes = {precision: one.batch_size for precision, one in timed.items()}
    rates = {precision: one.rate for precision, one in timed.items()}
    verdict, agreement = _verdict(settings, rates[BFLOAT16] / rates[FLOAT32], batch_sizes)
    figures = {
        "images_per_second": rates,
        "batch_size": batch_sizes,
        "agreement": None if agreement is None else asdict(agreement),
    }
    return keep(precision_file(settings, key), key, KeptPrecision(verdict.precision, verdict.reason, figures), notify)


def _verdict(settings: Settings, speedup: float, batch_sizes: dict[str, int]) -> tuple[Verdict, Agreement | None]:
    slow = too_slow(speedup)
    if slow is not None:
        return slow, None
    from flows.auto_compute.measure import measure_agreement

    try:
        agreement = measure_agreement(settings, batch_sizes)
    except BadModel as error:
        # Where float32 fails as well, the run says so at its first embedding.
        return Verdict(FLOAT32, f"maps could not be made at both precisions: {error.found}"), None
    return judge(speedup, agreement), agreement


@dataclass(frozen=True)
class _Timed:
    batch_size: int
    rate: float


def _batch_size(settings: Settings, precision: str, notify: Notify) -> int:
    """Return the batch size that is asked for, or the best at a precision."""
    asked = settings.compute.batch_size
    return asked if isinstance(asked, int) else _decided_batch(settings, precision, notify).batch_size


def _timed(settings: Settings, precision: str, batch_size: int) -> _Timed:
    from flows.auto_compute.measure import measure_rate

    found = measure_rate(settings, precision, batch_size)
    return _Timed(found.batch_size, found.images_per_second[found.batch_size])


def _with_batch_size(request: AskedRun, has_work: Callable[[AskedRun], bool], notify: Notify) -> AskedRun:
    settings = request.settings
    if settings.compute.batch_size != AUTO:
        return request
    if kept_batch(settings, settings.compute.precision) is None and not has_work(request):
        # Nothing will be computed, so that nothing is measured for it.
        return _with(request, resolved(settings, notify))
    kept = _decided_batch(settings, settings.compute.precision, notify)
    rates = ", ".join(f"{size}: {rate:.0f}" for size, rate in sorted(_by_size(kept).items()))
    notify(f"compute.batch_size = 'auto' is {kept.batch_size} (images per second by batch size, {rates})")
    return _with(request, with_batch_size(settings, kept.batch_size))


def _by_size(kept: KeptBatch) -> dict[int, float]:
    return {int(size): rate for size, rate in kept.images_per_second.items()}


def _decided_batch(settings: Settings, precision: str, notify: Notify) -> KeptBatch:
    kept = kept_batch(settings, precision)
    if kept is not None:
        return kept
    from flows.auto_compute.measure import measure_batches

    notify(f"timing batches in {precision} on this device, once")
    found = measure_batches(settings, precision)
    rates = {str(size): rate for size, rate in found.images_per_second.items()}
    key = batch_key(settings, precision)
    return keep(batch_file(settings, key), key, KeptBatch(found.batch_size, rates), notify)


def _with(request: AskedRun, settings: Settings) -> AskedRun:
    """Return the request with these settings, and overrides that give a flow run the same ones."""
    chosen = {"precision": settings.compute.precision, "batch_size": settings.compute.batch_size}
    overrides = tuple(f"compute.{key}={value}" for key, value in chosen.items() if value != AUTO)
    return replace(request, settings=settings, overrides=(*request.overrides, *overrides))
