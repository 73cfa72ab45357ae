"""The Prefect shell: a task per shard, a flow per stage; the store alone decides what is already done."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import flow, tags, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from flows.commands.console import plain_console
from flows.commands.progress import console_reporter
from flows.configured_runs import run_of_seed, run_request
from flows.engine.execute import execute_shard
from flows.engine.run import Reporter, Runner, StageOutcome, run_stages
from flows.engine.runners import open_runner
from flows.engine.shard_task import ShardTask
from flows.engine.transient import RETRIES, SECONDS_BEFORE_RETRY, is_transient
from flows.prefect_flows.artifacts import with_progress_artifact
from flows.settings.asked_run import AskedRun
from flows.settings.compute import dask_options
from flows.settings.configuration import Settings
from stores.errors import MissingArtifact, StoreError
from stores.manifests import Commit

# As inline: torch's threads are set per process, and float32 bits depend on them.
ONE_AT_A_TIME: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


def may_pass(_task: Task[..., Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Return whether a failed shard may succeed on another try."""
    return is_transient(state.data)


@task(
    name="shard",
    task_run_name="{work.stage} {work.shard_label}",
    tags=["shard"],
    retries=RETRIES,
    retry_delay_seconds=list(SECONDS_BEFORE_RETRY),
    retry_condition_fn=may_pass,
    # Prefect's caches and results know nothing of the store: they call a deleted artifact done.
    cache_policy=NO_CACHE,
    persist_result=False,
)
def do_shard(work: ShardTask) -> Commit:
    """Return the commit of one shard, computing it only where there is none.

    Raises:
        PipelineError, StoreError: see `execute_shard`.
    """
    return execute_shard(work)


def run_shards(tasks: list[ShardTask]) -> Iterator[Commit]:
    """Do the shards as task runs of the present flow run and yield their commits, in order.

    One failure does not stop the others: what can be done is committed, then the error is raised.

    Raises:
        PipelineError, StoreError: of the first shard that failed.
        StoreError: a task run ended in any other way than completed.
    """
    futures = [do_shard.submit(work) for work in tasks]
    failed = []
    for work, future in zip(tasks, futures, strict=True):
        future.wait()
        if future.state.is_completed():
            yield future.result()
        else:
            failed.append((work, future))
    for work, future in failed:
        _raise_failure(work, future)


@flow(
    name="stage",
    flow_run_name="{stage} seed {seed}",
    task_runner=ONE_AT_A_TIME,  # type: ignore[arg-type]  # Prefect's type variable is invariant
    persist_result=False,
)
def run_stage(config: str, stage: str, seed: int, overrides: list[str], run_id: str = "") -> StageOutcome:
    """Bring one stage up to date; all that it reads has to be current.

    Args:
        config: configuration file (TOML).
        stage: stage instance, such as "saliency_maps.test.rise.fixed".
        seed: of the run.
        overrides: key=value over the file, such as "saliency.rise.masks=500".
        run_id: the run that this is a part of; empty for a run of its own, with its own record.

    Raises:
        BadSetting: the configuration is refused, or there is no such stage.
        MissingArtifact: an upstream stage is not current.
        PipelineError, StoreError: of the first shard that failed.
    """
    settings = for_flow(run_of_seed(Path(config), overrides, seed).settings)
    asked = AskedRun(settings, until=stage, config=config, run_id=run_id)
    with tags(stage, f"seed-{seed}"), _shard_runner(settings) as runner:
        outcomes = run_stages(run_request(asked), _only(stage, runner), _reporter()).outcomes
    return outcomes[-1]


def _reporter() -> Reporter:
    return with_progress_artifact(console_reporter(plain_console()))


def for_flow(settings: Settings) -> Settings:
    """Return the settings of a flow run: with a Dask address its shards go there whatever runner the file names."""
    return settings.model_copy(update={"compute": settings.compute.model_copy(update={"runner": "prefect"})})


@contextmanager
def _shard_runner(settings: Settings) -> Iterator[Runner]:
    dask = dask_options(settings)
    if dask is None:
        yield run_shards
        return
    # Not as task runs: workers would each need the server, and a task run whose worker died stays Running for ever.
    with open_runner(dask) as runner:
        yield runner


def _only(stage: str, runner: Runner) -> Runner:
    def run_only(tasks: list[ShardTask]) -> Iterator[Commit]:
        for work in tasks:
            if work.stage != stage:
                raise MissingArtifact(
                    expected=f"everything that {stage} reads",
                    found=f"{work.stage} is not current",
                    where=work.store_root,
                    remedy=f"run {work.stage} first, or the flow explain-similarity, which runs all in order",
                )
        return runner(tasks)

    return run_only


def _raise_failure(work: ShardTask, future: PrefectFuture[Commit]) -> None:
    future.result()
    # A task run that never ended has no error to raise; a flow that went on would call itself completed.
    raise StoreError(
        expected="a completed task run for every shard",
        found=f"{future.state.name} for {work.stage} {work.shard_label}",
        where=work.store_root,
        remedy="run again: shards that are committed are kept",
    )
