"""A run: every stage in order, what is current skipped, what is stale done, a manifest written last."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from flows.engine.adopt import adopt_if_possible, adopt_stage
from flows.engine.device import resolve_device
from flows.engine.earlier_results import EarlierResults
from flows.engine.plan import StagePlan, plan_stage, plan_with
from flows.engine.request import ALL, RunRequest
from flows.engine.results import finish_stage
from flows.engine.run_records import RecordedRun, recorded_run
from flows.engine.shard_task import Device, ShardTask
from flows.engine.stage import Stage
from flows.engine.stage_lock import acquire_stage_lock
from flows.engine.upstream import Upstream
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
        adopted: the result was kept although code changed, on the user's word.
    """

    stage: str
    shards: int
    computed: int
    seconds: float
    adopted: bool = False


@dataclass(frozen=True)
class FinishedRun:
    """What a run did, and the results that it went through, all of them current.

    Attributes:
        outcomes: of each stage, in order.
        current: reads the results.
    """

    outcomes: list[StageOutcome]
    current: Upstream


def _ignore_waiting(plan: StagePlan, lease: Lease) -> None:
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
    waiting: Callable[[StagePlan, Lease], None] = _ignore_waiting


def run_stages(request: RunRequest, runner: Runner, reporter: Reporter) -> FinishedRun:
    """Return what was done for each stage; on return every requested stage is current.

    The run is recorded in the store, however it ends. A stage that another run works on just now is waited for.

    Raises:
        BadRequest: `until`, `force` or `adopt` names no stage, there is nothing to adopt, or the run's name is not
            plain text.
        Exception: of the first stage that fails or whose inputs are refused; what was committed stays.
    """
    request.check()
    store = ArtifactStore(request.store_root)
    with recorded_run(store.root, request.run_id, request.name, request.config, request.seed) as run:
        by_name = {stage.name: stage for stage in request.stages}
        for stage in request.stages:
            if stage.check_inputs is not None:
                stage.check_inputs(stage, by_name)
        return _StagesInOrder(request, store, runner, reporter, run).run()


@dataclass(frozen=True)
class _StagesInOrder:
    request: RunRequest
    store: ArtifactStore
    runner: Runner
    reporter: Reporter
    record: RecordedRun

    def run(self) -> FinishedRun:
        manifests: dict[str, Manifest] = {}
        # Many cuts read the same shards of other stages; each is read once.
        current = Upstream(self.store, manifests)
        earlier = EarlierResults(self.store, self.request.config, self.request.seed)
        outcomes = []
        for stage in self.request.wanted():
            adopted = self._prepare(stage, manifests)
            plan = plan_with(stage, current, earlier)
            if stage.name in self.request.force:
                plan = replace(plan, reasons=("forced",))
            self.reporter.stage_planned(plan)
            outcome, manifest = self._run_stage(plan, manifests, adopted)
            manifests[stage.name] = manifest
            # Even where nothing was to do: a second run must not get past what stopped the first.
            if stage.check_result is not None:
                stage.check_result(stage, [shard.plan for shard in plan.shards], current)
            self.record.add_artifact(stage.name, manifest.fingerprint, made=plan.manifest is None)
            outcomes.append(outcome)
        return FinishedRun(outcomes, current)

    def _prepare(self, stage: Stage, manifests: Mapping[str, Manifest]) -> bool:
        """Forget or adopt a stage's result where that is asked for, and return whether one was adopted."""
        if stage.name in self.request.force:
            forget_stage(self.store, stage, manifests)
        elif stage.name in self.request.adopt:
            adopt_stage(stage, self.store, manifests)
            return True
        elif ALL in self.request.adopt:
            return adopt_if_possible(stage, self.store, manifests)
        return False

    def _run_stage(
        self, plan: StagePlan, manifests: Mapping[str, Manifest], adopted: bool
    ) -> tuple[StageOutcome, Manifest]:
        manifest, computed, seconds = plan.manifest, 0, 0.0
        if manifest is None:
            lease, plan = acquire_stage_lock(plan, self.store, manifests, self.record.run_id, self.reporter.waiting)
            with lease:
                manifest = plan.manifest
                if manifest is None:
                    computed, seconds = self._do_shards(plan, manifests)
                    manifest = finish_stage(plan, self.store, manifests)
        return StageOutcome(plan.stage.name, len(plan.shards), computed, seconds, adopted), manifest

    def _do_shards(self, plan: StagePlan, manifests: Mapping[str, Manifest]) -> tuple[int, float]:
        """Return how many shards were done, and their seconds."""
        asked = self.request.device
        device = asked if self.request.computes_elsewhere else resolve_device(asked)
        tasks = shard_tasks(plan, self.store.root.address, manifests, device, self.record.run_id)
        computed, seconds = 0, 0.0
        # One by one: a large stage has tens of thousands of them.
        for commit in self.reporter.shards_done(plan, self.runner(tasks)):
            computed, seconds = computed + 1, seconds + commit.seconds
        return computed, seconds


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
            store_root=store_root,
            stage=stage.name,
            job=stage.job,
            shard_key=shard.key,
            shard_label=shard.plan.label,
            settings=dict(stage.settings),
            paths=dict(stage.paths),
            work=dict(shard.plan.work),
            upstream=upstream,
            device=device,
            run_id=run_id,
            tables=stage.tables,
            batch_setting=stage.batch_setting,
            items=shard.plan.items,
            read_as=dict(stage.read_as),
        )
        for shard in plan.shards
        if shard.key not in plan.shards_done
    ]
