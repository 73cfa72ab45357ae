"""The `sane plan` command: what a run would do and cost; a table for people, exact numbers for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.commands.console import plain_console
from flows.commands.status import coloured_state, describe_plan
from flows.configured_runs import configured_runs
from flows.costs.estimate import RunCosts, StageCost
from flows.engine.plan import StagePlan
from flows.engine.reasons import to_do_reason
from flows.engine.request import check_stage_names, needed_for
from flows.engine.short_reasons import code_note, in_short
from flows.settings.configuration import Settings
from stores.artifacts import ArtifactStore

NOT_KNOWN = "?"


@dataclass(frozen=True)
class Shown:
    """How a plan is shown.

    Attributes:
        as_json: as a list with a row per seed and stage instead of tables; see `describe_cost`.
        verbose: tables name every module that changed and every stage that is waited for, as JSON does anyway.
    """

    as_json: bool = False
    verbose: bool = False


def plan_command(
    settings: Settings, shown: Shown, workers: int, calibration: str, until: str | None = None, config: str = ""
) -> None:
    """Print the stages that are not current with their costs, for every seed.

    Args:
        settings: of the run.
        shown: as what.
        workers: processes that would do shards at the same time.
        calibration: see `RunCosts`.
        until: plan only this stage and what it needs.
        config: the configuration file as the user names it.

    Raises:
        BadRequest: `until` names no stage.
        PipelineError, StoreError: inputs are refused, or the store cannot be read.
    """
    # Beside the result, so that JSON stays JSON.
    costs = RunCosts(ArtifactStore(settings.store.root), workers, calibration, lambda line: print_to_stderr(line))
    listed: list[dict[str, Any]] = []
    for run in configured_runs(settings, config=config):
        check_stage_names(run.stages, until, (), ())
        wanted = frozenset(stage.name for stage in run.stages) if until is None else needed_for(run.stages, until)
        found = costs.of_seed(run.settings, run.plans(), wanted)
        if shown.as_json:
            listed += [{"seed": run.seed, **describe_cost(cost, workers)} for cost in found]
        else:
            print_costs(found, len(wanted), f"seed {run.seed}", workers, shown.verbose)
    if shown.as_json:
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")


def print_to_stderr(line: str) -> None:
    """Print a line beside the result, so that JSON stays JSON."""
    sys.stderr.write(line + "\n")


def describe_cost(cost: StageCost, workers: int) -> dict[str, Any]:
    """Return the contract fields of `sane status` with the stage's cost; what is not known is null."""
    return {
        **describe_plan(cost.plan),
        "shards_to_do": cost.shards_to_do,
        "forward_passes": cost.forward_passes,
        "training_passes": cost.training_passes,
        "images": cost.images,
        "bytes": cost.bytes,
        "seconds": cost.seconds,
        "start_up_seconds": cost.start_up_seconds,
        "workers": workers,
        "is_upper_bound": cost.is_upper_bound,
    }


def print_costs(costs: Sequence[StageCost], stages: int, title: str, workers: int, verbose: bool = False) -> None:
    """Print the costs of a seed's stages and their sum.

    Args:
        costs: of the stages that are not current.
        stages: number of all stages that are asked about.
        title: names the seed.
        workers: that share the shards.
        verbose: with all reasons, none of them shortened.
    """
    console = plain_console()
    if not costs:
        console.print(f"{title}: nothing to do, all {stages} stages are current")
        return
    sharing = f", {workers} workers" if workers > 1 else ""
    table = Table(title=f"{title}: what a run would do{sharing}", title_justify="left")
    for heading in ("stage", "state", "shards", "passes", "training", "bytes", "time", "why"):
        right = heading in ("shards", "passes", "training", "bytes", "time")
        table.add_column(heading, overflow="fold", justify="right" if right else "left")
    for cost in costs:
        if not _is_expected_to_stay(cost.plan):
            table.add_row(*_row(cost), "\n".join(cost.plan.reasons if verbose else _why(cost.plan)))
    table.add_section()
    table.add_row(*_total(costs))
    console.print(table)
    for line in [*_notes(costs), *([] if verbose else code_note(cost.plan.reasons for cost in costs))]:
        console.print(line, soft_wrap=True)


def in_words(count: float) -> str:
    """Return a count in three figures: 950, 12.3 k, 4.56 M."""
    return _scaled(count, 1000, ("", " k", " M", " G"))


def bytes_in_words(size: float) -> str:
    """Return bytes in three figures: 950 B, 12.3 kB, 4.56 MB."""
    return _scaled(size, 1000, (" B", " kB", " MB", " GB", " TB"))


def seconds_in_words(seconds: float) -> str:
    """Return seconds in the largest units that matter: 8 s, 12 min, 3 h 20 min."""
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _row(cost: StageCost) -> tuple[str | Text, ...]:
    plan, most = cost.plan, "≤ " if cost.is_upper_bound else ""
    done = len(plan.shards_done)
    return (
        plan.stage.name,
        coloured_state(plan),
        f"{most if _may_find_shards(cost) else ''}{cost.shards_to_do}" + (f" of {len(plan.shards)}" if done else ""),
        _bounded(cost.forward_passes, most),
        _bounded(cost.training_passes, most),
        NOT_KNOWN if cost.bytes is None else most + bytes_in_words(cost.bytes),
        NOT_KNOWN if cost.seconds is None else most + seconds_in_words(cost.seconds),
    )


def _why(plan: StagePlan) -> list[str]:
    """Return the reasons in short, without what there is to do, which stands in the other columns."""
    shards = len(plan.shards)
    to_do = {to_do_reason(shards, shards), *([] if plan.expected is None else plan.reasons[1:2])}
    return [reason for reason in in_short(plan.reasons) if reason not in to_do]


def _is_expected_to_stay(plan: StagePlan) -> bool:
    """Return whether a stage waits for others of which nothing that it reads is expected to change."""
    return plan.expected is not None and not plan.expected


def _may_find_shards(cost: StageCost) -> bool:
    """Return whether some of a stage's shards may turn out to be there already."""
    return cost.is_upper_bound and cost.plan.state == "pending"


def _bounded(count: int, most: str) -> str:
    return most + in_words(count) if count else "-"


def _total(costs: Sequence[StageCost]) -> tuple[str, ...]:
    most = "≤ " if any(cost.is_upper_bound for cost in costs) else ""
    most_shards = "≤ " if any(map(_may_find_shards, costs)) else ""
    forward = sum(cost.forward_passes for cost in costs)
    training = sum(cost.training_passes for cost in costs)
    sizes = [cost.bytes for cost in costs]
    times = [None if cost.seconds is None else cost.seconds + cost.start_up_seconds for cost in costs]
    return (
        "total",
        "",
        f"{most_shards}{sum(cost.shards_to_do for cost in costs)}",
        _bounded(forward, most),
        _bounded(training, most),
        _sum(sizes, most, bytes_in_words),
        _sum(times, most, seconds_in_words),
        "",
    )


def _sum(values: Iterable[float | None], most: str, words: Callable[[float], str]) -> str:
    found = list(values)
    known = [value for value in found if value is not None]
    if not known:
        return NOT_KNOWN
    return most + words(sum(known)) + (f" + {NOT_KNOWN}" if len(known) < len(found) else "")


def _notes(costs: Sequence[StageCost]) -> list[str]:
    notes = []
    staying = sum(_is_expected_to_stay(cost.plan) for cost in costs)
    if staying:
        notes.append(f"{staying} more stages will be checked; nothing that they read is expected to change")
    if any(cost.is_upper_bound for cost in costs):
        notes.append(
            "≤: at most; trainings may stop early, maps may share passes, what is pending may be there already"
        )
    start_up = sum(cost.start_up_seconds for cost in costs)
    if start_up:
        notes.append(f"the total includes {seconds_in_words(start_up)} until torch is loaded")
    untimed = [cost.plan.stage.name for cost in costs if cost.seconds is None]
    if untimed:
        notes.append(f"{NOT_KNOWN}: not known before a first run; no time for {', '.join(untimed)}")
    return notes


def _scaled(value: float, step: int, units: Sequence[str]) -> str:
    number, position = float(value), 0
    while number >= step - 0.5 and position < len(units) - 1:
        number, position = number / step, position + 1
    if position == 0:
        return f"{number:.0f}{units[0]}"
    decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{decimals}f}{units[position]}"
