"""A run: every stage in order, what is current skipped, what is stale done, a manifest written last."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from flows.engine.adopt import adopt_stage
from flows.engine.device import asked_device, resolve_device
from flows.engine.on_dask.cluster import uses_dask
from flows.engine.plan import StagePlan, plan_stage
from flows.engine.request import check_name, check_stage_names, needed_for
from flows.engine.results import check_unreadable, finish_stage
from flows.engine.run_records import RecordedRun, recorded_run
from flows.engine.shard_task import Device, ShardTask
from flows.engine.stage import Stage
from flows.engine.stage_lock import acquire_stage_lock
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from flows.stages.pair_shards import check_listed_pairs
from flows.stages.similarity_shards import check_weights_file
from flows.user_model.files import check_user_files
from stores.artifacts import ArtifactStore
from stores.leases import Lease
from stores.manifests import Commit, Manifest

# Does shards, in any order, and yields each commit as it is made.
Runner = Callable[[list[ShardTask]], Iterator[Commit]]


@dataclass(frozen=True)
class StageOutcome:
    """What a run did for one stage.

    Attributes:
        stage: stage instance.
        shards: of the result.
        computed: shards computed in this run.
        seconds: spent in those shards.
    """

    stage: str
    shards: int
    computed: int
    seconds: float


@dataclass(frozen=True)
class RunRequest:
    """What to run.

    Attributes:
        settings: of one seed.
        until: last stage instance to run, or None.
        force: stage instances to compute again even where they are current.
        adopt: stage instances whose latest result is kept although code changed, on the user's word.
        overrides: the key=value that made the settings from their file; a flow run reads the file again.
        name: given by the user; it pins the results. May be empty.
        config: the configuration file as the user named it, for the record of the run.
        run_id: the run that this is a part of, which keeps the record; empty for a run of its own.
    """

    settings: Settings
    until: str | None = None
    force: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    name: str = ""
    config: str = ""
    run_id: str = ""


def _say_nothing(plan: StagePlan, lease: Lease) -> None:
    del plan, lease


@dataclass(frozen=True)
class Reporter:
    """How a run tells the user what happens; all are called in the driver.

    Attributes:
        stage_planned: called with each stage's plan before it is acted on.
        shards_done: wraps the commits of a stage to show progress.
        waiting: called once with a stage's plan and the lease of the other run that works on it just now.
    """

    stage_planned: Callable[[StagePlan], None]
    shards_done: Callable[[StagePlan, Iterable[Commit]], Iterable[Commit]]
    waiting: Callable[[StagePlan, Lease], None] = _say_nothing


def run_stages(request: RunRequest, runner: Runner, reporter: Reporter) -> list[StageOutcome]:
    """Return what was done for each stage; on return every requested stage is current.

    The run is recorded in the store, however it ends. A stage that another run works on just now is waited for.

    Raises:
        BadSetting: `until`, `force` or `adopt` names no stage, there is nothing to adopt, or the run's name is not
            plain text.
        PipelineError, StoreError: of the first stage that fails; what was committed stays.
    """
    stages = build_stages(request.settings)
    check_name(request.name)
    check_stage_names(stages, request.until, request.force, request.adopt)
    store = ArtifactStore(request.settings.store.root)
    seed = request.settings.seed
    with recorded_run(store.root, request.run_id, request.name, request.config, seed) as run:
        if request.settings.similarity_model.weights is not None:
            # Before the images are read; the dataset itself is checked by the first stages.
            check_weights_file(request.settings.similarity_model.weights)
        check_user_files(request.settings.similarity_model)
        check_listed_pairs(stages, request.settings.pairs.max_missing_share)
        return _run_in_order(stages, store, request, runner, reporter, run)


def _run_in_order(
    stages: tuple[Stage, ...],
    store: ArtifactStore,
    request: RunRequest,
    runner: Runner,
    reporter: Reporter,
    run: RecordedRun,
) -> list[StageOutcome]:
    manifests: dict[str, Manifest] = {}
    outcomes = []
    for stage in stages:
        if request.until is not None and stage.name not in needed_for(stages, request.until):
            continue
        if stage.name in request.force:
            forget_stage(store, stage, manifests)
        if stage.name in request.adopt:
            adopt_stage(stage, store, manifests)
        plan = plan_stage(stage, store, manifests)
        reporter.stage_planned(plan)
        outcome, manifest = _run_stage(plan, store, manifests, request.settings, runner, reporter, run.run_id)
        run.add_artifact(stage.name, manifest.fingerprint, made=plan.manifest is None)
        manifests[stage.name] = manifest
        outcomes.append(outcome)
    return outcomes


def forget_stage(store: ArtifactStore, stage: Stage, manifests: Mapping[str, Manifest]) -> None:
    """Remove the result that a stage's present inputs name, so that it is computed again."""
    plan = plan_stage(stage, store, manifests)
    if plan.fingerprint is not None:
        store.forget(stage.name, plan.fingerprint, [shard.key for shard in plan.shards])


def shard_tasks(
    plan: StagePlan, store_root: str, manifests: Mapping[str, Manifest], device: Device, run_id: str
) -> list[ShardTask]:
    """Return a task for each shard of a planned stage that is not committed yet."""
    stage = plan.stage
    upstream = {name: manifests[name].fingerprint for name in stage.upstream}
    return [
        ShardTask(
            store_root,
            stage.name,
            stage.job,
            shard.key,
            shard.plan.label,
            dict(stage.settings),
            dict(stage.paths),
            dict(shard.plan.work),
            upstream,
            device,
            run_id,
            stage.tables,
            stage.batch_setting,
        )
        for shard in plan.shards
        if shard.key not in plan.shards_done
    ]


def _run_stage(
    plan: StagePlan,
    store: ArtifactStore,
    manifests: Mapping[str, Manifest],
    settings: Settings,
    runner: Runner,
    reporter: Reporter,
    run_id: str,
) -> tuple[StageOutcome, Manifest]:
    if plan.manifest is None:
        lease, plan = acquire_stage_lock(plan, store, manifests, run_id, reporter.waiting)
        with lease:
            if plan.manifest is None:
                tasks = shard_tasks(plan, store.root.address, manifests, _device_of_jobs(settings), run_id)
                outcome = _count(plan, reporter.shards_done(plan, runner(tasks)))
                manifest = finish_stage(plan, store, manifests)
                check_unreadable(plan.stage, manifest, settings)
                return outcome, manifest
    # Again even where nothing is to do: a second run must not get past what stopped the first.
    check_unreadable(plan.stage, plan.manifest, settings)
    return StageOutcome(plan.stage.name, len(plan.shards), 0, 0.0), plan.manifest


def _count(plan: StagePlan, commits: Iterable[Commit]) -> StageOutcome:
    # One by one: a large stage has tens of thousands of them.
    computed, seconds = 0, 0.0
    for commit in commits:
        computed, seconds = computed + 1, seconds + commit.seconds
    return StageOutcome(plan.stage.name, len(plan.shards), computed, seconds)


def _device_of_jobs(settings: Settings) -> Device:
    # On a cluster the jobs are elsewhere: each worker sees for itself what it has.
    asked = asked_device(settings)
    return asked if uses_dask(settings) else resolve_device(asked)
