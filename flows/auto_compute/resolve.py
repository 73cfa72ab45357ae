"""Settings in which "auto" is replaced by what is decided and kept; for whatever reads results. Needs no torch."""

import sys
from collections.abc import Callable

from flows.auto_compute.kept import (
    KeptBatch,
    KeptPrecision,
    batch_file,
    batch_key,
    precision_file,
    precision_key,
    read_kept,
)
from flows.engine.device import AUTO
from flows.engine.plan_graph import plan_stages
from flows.engine.request import needed_for
from flows.engine.stage import Stage
from flows.settings.configuration import DEFAULT_BATCH_SIZE, Settings
from flows.stages.graph import build_stages
from flows.stages.reads import UNLABELLED_IMAGES
from pipeline.evaluation.precision.verdict import BFLOAT16, FLOAT32
from stores.artifacts import ArtifactStore
from stores.errors import StoreError

IMAGES, MODEL = "images", "similarity_model"


def resolved(settings: Settings, notify: Callable[[str], None] | None = None) -> Settings:
    """Return settings with a precision and a batch size: as decided and kept, else float32 and the default batch.

    Args:
        settings: of one seed.
        notify: called with a line where there is no decision yet; None writes it to the error stream.

    Raises:
        PipelineError: the inputs are refused, so that nothing can be planned.
    """
    notify = _notify_on_stderr if notify is None else notify
    found = settings
    if settings.compute.precision == AUTO:
        kept = kept_precision(settings)
        if kept is None:
            notify(
                f"seed {settings.seed}: what compute.precision = 'auto' stands for is not decided yet for this model "
                f"on this device; taken for {FLOAT32} here, sane run decides it"
            )
        found = with_precision(found, FLOAT32 if kept is None else kept.precision)
    if settings.compute.batch_size == AUTO:
        batch = kept_batch(found, found.compute.precision)
        # Nothing that is read depends on it, but for the seconds of a plan.
        found = with_batch_size(found, DEFAULT_BATCH_SIZE if batch is None else batch.batch_size)
    return found


def possible(settings: Settings) -> list[Settings]:
    """Return the settings that a run may turn out to have on any machine: one where precision is given, else two.

    Raises:
        PipelineError: the inputs are refused.
    """
    # Decided here, it may be decided otherwise where other hardware works on the same store.
    if settings.compute.precision != AUTO:
        return [resolved(settings)]
    return [resolved(with_precision(settings, precision)) for precision in (FLOAT32, BFLOAT16)]


def kept_precision(settings: Settings) -> KeptPrecision | None:
    """Return the decision for the model of these settings; None where there is none, or no telling which model.

    Raises:
        PipelineError: the inputs are refused.
    """
    model = model_fingerprint(settings)
    if model is None:
        return None
    return read_kept(precision_file(settings, precision_key(settings, model)), KeptPrecision)


def kept_batch(settings: Settings, precision: str) -> KeptBatch | None:
    """Return the decision on the batch size at a precision, None where there is none."""
    return read_kept(batch_file(settings, batch_key(settings, precision)), KeptBatch)


def model_fingerprint(settings: Settings) -> str | None:
    """Return what names the similarity model that is, or will be, made; None until its inputs are there.

    Raises:
        PipelineError: the inputs are refused.
    """
    try:
        plans = plan_stages(stages_before_precision(settings), ArtifactStore(settings.store.root))
    except StoreError:
        # Damage: whoever goes on to plan, verify or run will name it.
        return None
    return next(plan.fingerprint for plan in plans if plan.stage.name == MODEL)


def stages_before_precision(settings: Settings) -> tuple[Stage, ...]:
    """Return what a decision looks at: the images, the similarity model and all that these need.

    Of them only the checks of a user's model depend on precision; they are those in float32 here.
    """
    stages = build_stages(with_precision(settings, FLOAT32))
    needed = needed_for(stages, images_stage(settings)) | needed_for(stages, MODEL)
    return tuple(stage for stage in stages if stage.name in needed)


def images_stage(settings: Settings) -> str:
    """Return the stage with the images as the dataset has them: the labelled ones come after passes of the model."""
    return UNLABELLED_IMAGES if settings.has_discovered_labels else IMAGES


def with_precision(settings: Settings, precision: str) -> Settings:
    """Return the settings with this precision."""
    return settings.model_copy(update={"compute": settings.compute.model_copy(update={"precision": precision})})


def with_batch_size(settings: Settings, batch_size: int) -> Settings:
    """Return the settings with this batch size."""
    return settings.model_copy(update={"compute": settings.compute.model_copy(update={"batch_size": batch_size})})


def _notify_on_stderr(line: str) -> None:
    # Beside the result, so that JSON stays JSON.
    sys.stderr.write(line + "\n")
