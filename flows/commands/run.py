"""The `sane run` command: every seed, with progress, then the tables and the report's path."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from flows.auto_compute.decide import Runs, decided
from flows.commands.console import plain_console
from flows.commands.progress import console_reporter
from flows.commands.report_file import show_report
from flows.commands.run_lines import print_line
from flows.commands.summary import print_summary
from flows.commands.time_left import time_left
from flows.configured_runs import asked_runs, has_work, run_request
from flows.engine.run import FinishedRun, StageOutcome, run_stages
from flows.engine.runners import open_runner, run_inline
from flows.settings.asked_run import AskedRun
from flows.settings.compute import chosen_runner, dask_options

# Does the run of one seed as a Prefect flow, given what to run and the configuration file.
RunAsFlow = Callable[[AskedRun, Path], FinishedRun]


def run_command(asked: AskedRun, config: Path, run_as_flow: RunAsFlow) -> None:
    """Run every seed of a configuration, printing what is done.

    Args:
        asked: what to run, its settings still those of all seeds.
        config: the file that the settings come from.
        run_as_flow: does the run of one seed where compute.runner is "prefect".

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    console = plain_console()

    def run_seed(of_seed: AskedRun) -> FinishedRun:
        return _run_seed(of_seed, console, lambda: run_as_flow(of_seed, config))

    runs = Runs(run_seed, has_work)

    def notify(line: str) -> None:
        print_line(console, line)

    for of_seed in asked_runs(asked):
        request = decided(of_seed, runs, notify)
        finished = run_seed(request)
        seed = request.settings.seed
        _print_outcome(console, finished.outcomes, seed)
        if request.until is None:
            print_summary(console, finished.current)
            files = show_report(finished.current, request.config, seed, request.overrides)
            console.print(f"report: {files.own}", soft_wrap=True, markup=False)
            if files.latest:
                console.print(f"latest: {files.latest}", soft_wrap=True, markup=False)
            if files.remark:
                console.print(f"note: {files.remark}", soft_wrap=True, markup=False)


def _run_seed(asked: AskedRun, console: Console, as_flow: Callable[[], FinishedRun]) -> FinishedRun:
    chosen = chosen_runner(asked.settings)
    request = run_request(asked)
    reporter = console_reporter(console, lambda: time_left(asked.settings, request))
    if chosen == "inline" or not has_work(asked):
        return run_stages(request, run_inline, reporter)
    if chosen == "prefect":
        return as_flow()
    with open_runner(dask_options(asked.settings)) as runner:
        return run_stages(request, runner, reporter)


def _print_outcome(console: Console, outcomes: list[StageOutcome], seed: int) -> None:
    adopted = [outcome.stage for outcome in outcomes if outcome.adopted]
    if adopted:
        console.print(f"seed {seed}: {len(adopted)} results kept although code changed: {', '.join(adopted)}")
    computed = sum(outcome.computed for outcome in outcomes)
    reused = sum(outcome.shards - outcome.computed for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    if computed:
        console.print(f"seed {seed}: {computed} shards computed in {seconds:.0f} s, {reused} reused")
    else:
        console.print(f"seed {seed}: nothing to do, all {len(outcomes)} stages are current")
