"""The whole run as a Prefect flow: every stage in order, those that are not current as subflows."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prefect import flow

from flows.auto_compute.decide import Runs, decided
from flows.commands.console import plain_console
from flows.commands.progress import waiting_view
from flows.commands.report_file import show_report
from flows.configured_runs import ConfiguredRun, asked_runs, has_work, run_request
from flows.engine.plan import StagePlan
from flows.engine.run import FinishedRun, Reporter, Runner, StageOutcome, run_stages
from flows.engine.shard_task import ShardTask
from flows.prefect_flows.artifacts import show_outcomes, show_results
from flows.prefect_flows.stage_flow import for_flow, run_stage
from flows.settings.asked_run import AskedRun
from flows.settings.file import load_settings
from stores.artifacts import ArtifactStore
from stores.manifests import Commit


@flow(name="explain-similarity", persist_result=False)
def explain_similarity(
    config: str,
    overrides: list[str],
    until: str | None = None,
    force: list[str] | None = None,
    adopt: list[str] | None = None,
    name: str = "",
) -> dict[int, list[StageOutcome]]:
    """Bring every stage up to date and return, by seed, what was done for each.

    Args:
        config: configuration file (TOML).
        overrides: key=value over the file, such as "saliency.rise.masks=500".
        until: last stage instance to run; None runs all and writes the report beside the artifacts.
        force: stage instances to compute again even where they are current.
        adopt: stage instances whose latest result is kept although code changed.
        name: of the run; a run with a name pins its results.

    Raises:
        BadSetting: the configuration is refused, or `until`, `force` or `adopt` names no stage.
        PipelineError, StoreError: of the first stage that fails; what was committed stays.
    """
    settings = for_flow(load_settings(Path(config), overrides))
    asked = AskedRun(settings, until, tuple(force or ()), tuple(adopt or ()), tuple(overrides), name, config)
    runs = Runs(lambda first: _run(config, first), has_work)
    outcomes = {}
    for of_seed in asked_runs(asked):
        request = decided(of_seed, runs, plain_console().print)
        seed, finished = request.settings.seed, _run(config, request)
        outcomes[seed] = finished.outcomes
        show_outcomes(seed, finished.outcomes, finished.current)
        if until is None:
            show_results(seed, finished.current, show_report(finished.current, config, seed, overrides).own)
    return outcomes


def run_through_prefect(request: AskedRun, config: Path) -> FinishedRun:
    """Run one seed as a flow run in this process and return what was done for each stage.

    Args:
        request: what to run; its `overrides` are those that made its settings from the file.
        config: the configuration file.

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    seed = request.settings.seed
    overrides = [*request.overrides, f"seed={seed}", "evaluation.seeds=[]"]
    force, adopt = list(request.force), list(request.adopt)
    outcomes = explain_similarity(str(config.resolve()), overrides, request.until, force, adopt, request.name)[seed]
    return FinishedRun(outcomes, ConfiguredRun(request.settings).current())


def _run(config: str, asked: AskedRun) -> FinishedRun:
    return run_stages(run_request(asked), _stage_runner(config, asked), _silent_reporter())


def _stage_runner(config: str, request: AskedRun) -> Runner:
    def run_as_subflow(tasks: list[ShardTask]) -> Iterator[Commit]:
        if not tasks:
            return
        # A part of this run: it joins this run's lease and keeps no record of its own.
        first = tasks[0]
        run_stage(config, first.stage, request.settings.seed, list(request.overrides), first.run_id)
        store = ArtifactStore(first.store_root)
        for task in tasks:
            yield store.require_commit(task.stage, task.shard_key)

    return run_as_subflow


def _silent_reporter() -> Reporter:
    # Each stage's own flow shows its progress.
    def stage_planned(plan: StagePlan) -> None:
        del plan

    def shards_done(plan: StagePlan, commits: Iterable[Commit]) -> Iterable[Commit]:
        del plan
        return commits

    return Reporter(stage_planned, shards_done, waiting_view(plain_console()))
