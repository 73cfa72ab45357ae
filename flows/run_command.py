"""The `sane run` command: every seed, with progress, then the tables and the report's path."""

from pathlib import Path

from rich.console import Console

from flows.progress_view import console_reporter
from flows.report_file import write_report
from flows.run import Runner, RunRequest, StageOutcome, run_stages
from flows.runners import run_inline
from flows.settings import Settings
from flows.settings_file import run_seeds, with_seed
from flows.summary import print_summary


def run_command(settings: Settings, config: Path, until: str | None, force: tuple[str, ...]) -> None:
    """Run every seed of a configuration, printing what is done.

    Raises:
        PipelineError, StoreError: of the first stage that fails.
    """
    console = Console(highlight=False)
    for seed in run_seeds(settings):
        request = RunRequest(with_seed(settings, seed), until, force)
        if settings.compute.runner == "prefect":
            from flows.explain_similarity import run_through_prefect

            outcomes = run_through_prefect(request, config)
        else:
            outcomes = run_stages(request, _runner(), console_reporter(console))
        _print_outcome(console, outcomes, seed)
        if until is None:
            print_summary(console, request.settings)
            console.print(f"report: {write_report(request.settings, None)}", soft_wrap=True)


def _runner() -> Runner:
    return run_inline


def _print_outcome(console: Console, outcomes: list[StageOutcome], seed: int) -> None:
    computed = sum(outcome.computed for outcome in outcomes)
    reused = sum(outcome.shards - outcome.computed for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    if computed:
        console.print(f"seed {seed}: {computed} shards computed in {seconds:.0f} s, {reused} reused")
    else:
        console.print(f"seed {seed}: nothing to do, all {len(outcomes)} stages are current")
