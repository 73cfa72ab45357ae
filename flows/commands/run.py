"""The `sane run` command: every seed, with progress, then the tables and the report's path."""

import os
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from flows.auto_compute.decide import decided
from flows.commands.console import plain_console
from flows.commands.progress import console_reporter
from flows.commands.report_file import show_report
from flows.commands.summary import print_summary
from flows.current import current_artifacts
from flows.engine.on_dask.cluster import chosen_runner
from flows.engine.run import RunRequest, StageOutcome, run_stages
from flows.engine.runners import open_runner, run_inline
from flows.planned_work import has_work
from flows.settings.file import run_seeds, with_seed

# Read by Prefect when it is imported; what the user has set stays. The console shows one readable error instead of
# Prefect's tracebacks, the server still gets every log line. Prefect's own server may start slowly on a busy machine.
PREFECT_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}


def run_command(asked: RunRequest, config: Path) -> None:
    """Run every seed of a configuration, printing what is done.

    Args:
        asked: what to run, its settings still those of all seeds.
        config: the file that the settings come from.

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    console = plain_console()
    for seed in run_seeds(asked.settings):
        request = _decided(replace(asked, settings=with_seed(asked.settings, seed)), config, console)
        outcomes = _run_seed(request, config, console)
        _print_outcome(console, outcomes, seed)
        if request.until is None:
            current = current_artifacts(request.settings)
            print_summary(console, current)
            shown = show_report(current, seed)
            console.print(f"report: {shown.url}", soft_wrap=True)
            if shown.remark:
                console.print(f"note: {shown.remark}", soft_wrap=True, markup=False)


def _decided(request: RunRequest, config: Path, console: Console) -> RunRequest:
    def notify(line: str) -> None:
        console.print(line, soft_wrap=True, markup=False)

    return decided(request, lambda first: _run_seed(first, config, console), notify)


def _run_seed(request: RunRequest, config: Path, console: Console) -> list[StageOutcome]:
    reporter = console_reporter(console)
    chosen = chosen_runner(request.settings)
    if chosen == "inline" or not has_work(request):
        return run_stages(request, run_inline, reporter)
    if chosen == "prefect":
        return _run_as_flow(request, config)
    with open_runner(request.settings) as runner:
        return run_stages(request, runner, reporter)


def _run_as_flow(request: RunRequest, config: Path) -> list[StageOutcome]:
    for name, value in PREFECT_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from flows.prefect_flows.explain_similarity import run_through_prefect

    return run_through_prefect(request, config)


def _print_outcome(console: Console, outcomes: list[StageOutcome], seed: int) -> None:
    computed = sum(outcome.computed for outcome in outcomes)
    reused = sum(outcome.shards - outcome.computed for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    if computed:
        console.print(f"seed {seed}: {computed} shards computed in {seconds:.0f} s, {reused} reused")
    else:
        console.print(f"seed {seed}: nothing to do, all {len(outcomes)} stages are current")
