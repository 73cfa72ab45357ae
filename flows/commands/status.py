"""What `sane status` shows."""

import json
import sys
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.commands.console import plain_console
from flows.configured_runs import configured_runs
from flows.engine.plan import StagePlan
from flows.engine.short_reasons import code_note, in_short
from flows.settings.configuration import Settings

COLOURS = {"current": "green", "stale": "yellow", "partial": "yellow", "pending": "blue", "missing": "red"}


def print_plans(settings: Settings, as_json: bool, config: str = "", verbose: bool = False) -> None:
    """Print the state of every stage for every seed.

    Args:
        settings: of the run.
        as_json: a list of {seed, stage, state, reasons, fingerprint, shards_done, shards} instead of a table.
        config: the configuration file as the user names it.
        verbose: the table names every module that changed and every stage that is waited for, as JSON does anyway.

    Raises:
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    listed: list[dict[str, Any]] = []
    for run in configured_runs(settings, config=config):
        plans = run.plans()
        if as_json:
            listed += [{"seed": run.seed, **describe_plan(plan)} for plan in plans]
        else:
            _print_table(plans, f"seed {run.seed}", verbose)
    if as_json:
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")


def describe_plan(plan: StagePlan) -> dict[str, Any]:
    """Return the contract fields of one stage's state."""
    return {
        "stage": plan.stage.name,
        "state": plan.state,
        "reasons": list(plan.reasons),
        "fingerprint": plan.fingerprint,
        "shards_done": len(plan.shards_done),
        "shards": len(plan.shards) or None,
    }


def coloured_state(plan: StagePlan) -> Text:
    """Return a stage's state in its colour."""
    return Text(plan.state, style=COLOURS[plan.state])


def _print_table(plans: list[StagePlan], title: str, verbose: bool) -> None:
    console = plain_console()
    table = Table(title=f"{title}: stages", title_justify="left")
    for heading in ("stage", "state", "shards done", "why"):
        table.add_column(heading, overflow="fold")
    for plan in plans:
        shards = f"{len(plan.shards_done)} of {len(plan.shards)}" if plan.shards else "not known yet"
        told = plan.reasons if verbose else in_short(plan.reasons)
        table.add_row(plan.stage.name, coloured_state(plan), shards, "\n".join(told))
    console.print(table)
    for line in [] if verbose else code_note(plan.reasons for plan in plans):
        console.print(line, soft_wrap=True)
