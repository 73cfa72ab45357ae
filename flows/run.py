"""A run: every stage in order, what is current skipped, what is stale done, a manifest written last."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from flows.execution import package_versions
from flows.graph import Stage
from flows.plan import StagePlan, plan_stage
from flows.settings import Settings
from flows.shards import Device, ShardTask
from flows.stages import build_stages
from pipeline.errors import BadDataset, BadSetting
from stores.artifacts import ArtifactStore
from stores.manifests import Commit, Manifest, combine_shard_digests, created_now, describe_commits

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
    """

    settings: Settings
    until: str | None = None
    force: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reporter:
    """How a run tells the user what happens; both are called in the driver.

    Attributes:
        stage_planned: called with each stage's plan before it is acted on.
        shards_done: wraps the commits of a stage to show progress.
    """

    stage_planned: Callable[[StagePlan], None]
    shards_done: Callable[[StagePlan, Iterable[Commit]], Iterable[Commit]]


def run_stages(request: RunRequest, runner: Runner, reporter: Reporter) -> list[StageOutcome]:
    """Return what was done for each stage; on return every requested stage is current.

    Raises:
        BadSetting: `until` or `force` names no stage.
        PipelineError, StoreError: of the first stage that fails; what was committed stays.
    """
    stages = build_stages(request.settings)
    _check_names(stages, request)
    store = ArtifactStore(request.settings.store.root)
    manifests: dict[str, Manifest] = {}
    outcomes = []
    for stage in stages:
        if request.until is not None and stage.name not in needed_for(stages, request.until):
            continue
        if stage.name in request.force:
            forget_stage(store, stage, manifests)
        plan = plan_stage(stage, store, manifests)
        reporter.stage_planned(plan)
        outcome, manifest = _run_stage(plan, store, manifests, request.settings, runner, reporter)
        manifests[stage.name] = manifest
        outcomes.append(outcome)
    return outcomes


def needed_for(stages: tuple[Stage, ...], name: str) -> frozenset[str]:
    """Return the stage and everything upstream of it."""
    by_name = {stage.name: stage for stage in stages}
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in needed:
            needed.add(current)
            waiting += by_name[current].upstream
    return frozenset(needed)


def forget_stage(store: ArtifactStore, stage: Stage, manifests: Mapping[str, Manifest]) -> None:
    """Remove the result that a stage's present inputs name, so that it is computed again."""
    plan = plan_stage(stage, store, manifests)
    if plan.fingerprint is not None:
        store.forget(stage.name, plan.fingerprint, [shard.key for shard in plan.shards])


def shard_tasks(plan: StagePlan, store_root: str, manifests: Mapping[str, Manifest], device: Device) -> list[ShardTask]:
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
            dict(stage.places),
            dict(shard.plan.work),
            upstream,
            device,
        )
        for shard in plan.shards
        if shard.key not in plan.shards_done
    ]


def compute_device(settings: Settings) -> Device:
    """Return where jobs compute; "auto" takes a CUDA device where torch finds one.

    Raises:
        BadSetting: a CUDA device is asked for and there is none.
    """
    import torch

    name = settings.compute.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise BadSetting(
            expected="a CUDA device",
            found="none that torch can use",
            where=f"compute.device = {name!r}",
            remedy="set compute.device to 'cpu', or run on a machine with a GPU",
        )
    threads = settings.compute.threads or len(os.sched_getaffinity(0))
    return Device(name, settings.compute.batch_size, threads)


def _run_stage(
    plan: StagePlan,
    store: ArtifactStore,
    manifests: Mapping[str, Manifest],
    settings: Settings,
    runner: Runner,
    reporter: Reporter,
) -> tuple[StageOutcome, Manifest]:
    if plan.manifest is not None:
        return StageOutcome(plan.stage.name, len(plan.shards), 0, 0.0), plan.manifest
    tasks = shard_tasks(plan, store.root.url, manifests, compute_device(settings))
    computed = list(reporter.shards_done(plan, runner(tasks)))
    manifest = finish_stage(plan, store, manifests)
    check_unreadable(plan.stage, manifest, settings)
    seconds = sum(commit.seconds for commit in computed)
    return StageOutcome(plan.stage.name, len(plan.shards), len(computed), seconds), manifest


def finish_stage(
    plan: StagePlan, store: ArtifactStore, manifests: Mapping[str, Manifest], adopted_from: str | None = None
) -> Manifest:
    """Write and return the manifest of a stage all of whose shards are committed.

    Raises:
        StoreError: a shard has no commit.
    """
    commits = [store.require_commit(plan.stage.name, shard.key) for shard in plan.shards]
    manifest = Manifest(
        stage=plan.stage.name,
        fingerprint=str(plan.fingerprint),
        ingredients=dict(plan.ingredients),
        shard_keys=tuple(commit.shard_key for commit in commits),
        shard_labels=tuple(commit.shard_label for commit in commits),
        digests=tuple(commit.digest for commit in commits),
        digest=combine_shard_digests([commit.digest for commit in commits]),
        upstream={name: manifests[name].fingerprint for name in plan.stage.upstream},
        versions=package_versions(),
        seconds=sum(commit.seconds for commit in commits),
        created=created_now(),
        details=describe_commits(commits),
        adopted_from=adopted_from,
    )
    store.write_manifest(manifest)
    written = store.read_manifest(plan.stage.name, str(plan.fingerprint))
    return manifest if written is None else written


def check_unreadable(stage: Stage, manifest: Manifest, settings: Settings) -> None:
    """Refuse a dataset too many of whose images cannot be read.

    Raises:
        BadDataset: the share passes dataset.max_unreadable_share.
    """
    counts = manifest.details.get("counts", {})
    unreadable = counts.get("unreadable_images", 0)
    total = counts.get("images", 0) + unreadable
    limit = settings.dataset.max_unreadable_share
    if stage.name == "images" and unreadable > limit * total:
        raise BadDataset(
            expected=f"at most {limit:.1%} unreadable images (dataset.max_unreadable_share)",
            found=f"{unreadable} of {total}",
            where=str(settings.dataset.root),
            remedy="see them with: sane query CONFIG 'select * from unreadable_images'; mend or remove them",
        )


def _check_names(stages: tuple[Stage, ...], request: RunRequest) -> None:
    names = [stage.name for stage in stages]
    for flag, chosen in (
        ("--until", [request.until] if request.until else []),
        ("--force", list(request.force)),
    ):
        for name in chosen:
            if name not in names:
                raise BadSetting(
                    expected=f"a stage instance: {', '.join(names)}",
                    found=repr(name),
                    where=flag,
                    remedy="sane status CONFIG lists the stages",
                )
