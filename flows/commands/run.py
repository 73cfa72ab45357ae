"""The `sane run` command: every seed, with progress, then the tables and the report's path."""

import os
from pathlib import Path

from rich.console import Console

from flows.auto_compute.decide import Runs, decided
from flows.commands.console import plain_console
from flows.commands.progress import console_reporter
from flows.commands.report_file import write_report
from flows.commands.run_lines import print_line
from flows.commands.summary import print_summary
from flows.commands.time_left import time_left
from flows.configured_runs import asked_runs, has_work, run_request
from flows.engine.run import FinishedRun, StageOutcome, run_stages
from flows.engine.runners import open_runner, run_inline
from flows.settings.asked_run import AskedRun
from flows.settings.compute import chosen_runner, dask_options

# Read by Prefect when it is imported; what the user has set stays. The console shows one readable error instead of
# Prefect's tracebacks, the server still gets every log line. Prefect's own server may start slowly on a busy machine.
PREFECT_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}


def run_command(asked: AskedRun, config: Path) -> None:
    """Run every seed of a configuration, printing what is done.

    Args:
        asked: what to run, its settings still those of all seeds.
        config: the file that the settings come from.

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    console = plain_console()
    runs = Runs(lambda first: _run_seed(first, config, console), has_work)

    def notify(line: str) -> None:
        print_line(console, line)

    for of_seed in asked_runs(asked):
        request = decided(of_seed, runs, notify)
        finished = _run_seed(request, config, console)
        seed = request.settings.seed
        _print_outcome(console, finished.outcomes, seed)
        if request.until is None:
            print_summary(console, finished.current)
            console.print(f"report: {write_report(finished.current, seed, None)}", soft_wrap=True)


def _run_seed(asked: AskedRun, config: Path, console: Console) -> FinishedRun:
    chosen = chosen_runner(asked.settings)
    request = run_request(asked)
    reporter = console_reporter(console, lambda: time_left(asked.settings, request))
    if chosen == "inline" or not has_work(asked):
        return run_stages(request, run_inline, reporter)
    if chosen == "prefect":
        return _run_as_flow(asked, config)
    with open_runner(dask_options(asked.settings)) as runner:
        return run_stages(request, runner, reporter)


def _run_as_flow(asked: AskedRun, config: Path) -> FinishedRun:
    for name, value in PREFECT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from flows.prefect_flows.explain_similarity import run_through_prefect

    return run_through_prefect(asked, config)


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
