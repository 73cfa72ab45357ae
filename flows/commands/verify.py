"""The `sane verify` command: progress while files are read, then what is wrong and what was done about it."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console

from flows.commands.console import error_console, plain_console, rate_bar
from flows.commands.report_copies import report_copy_problems
from flows.configured_runs import configured_runs
from flows.engine.maintenance.verify import Verification, verify_store
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from stores.artifacts import ArtifactStore
from stores.repair import Repair, repair_store
from stores.verification import Problem, ShardCheck

SECONDS_BETWEEN_LINES = 10


def verify_command(settings: Settings, everything: bool, repair: bool, as_json: bool) -> bool:
    """Verify, repair if asked to, print, and return whether the store is as it should be, or ready to be run again.

    Args:
        settings: of all seeds.
        everything: look at all that the store holds.
        repair: remove what is damaged.
        as_json: print one JSON object {checked, problems, repair, notes} instead of text.

    Raises:
        PipelineError, StoreError: the settings are refused, or the store cannot be read or written.
    """
    verification = verify_store(settings.store.root, lambda: _graphs(settings), everything, _show, report_copy_problems)
    done = None
    if repair and verification.problems:
        done = repair_store(ArtifactStore(settings.store.root), verification.problems)
    if as_json:
        sys.stdout.write(json.dumps(_as_dictionary(verification, done), indent=2) + "\n")
    else:
        _print(plain_console(), verification, done)
    return not verification.problems if done is None else not (done.left or done.in_use)


def _graphs(settings: Settings) -> Iterator[tuple[Stage, ...]]:
    yield from (run.stages for run in configured_runs(settings))


def _show(total: int, checks: Iterable[ShardCheck]) -> Iterable[ShardCheck]:
    # On the error stream: the result itself may be read by a program.
    console = error_console()
    return _with_bar(console, total, checks) if console.is_terminal else _with_lines(total, checks)


def _with_bar(console: Console, total: int, checks: Iterable[ShardCheck]) -> Iterator[ShardCheck]:
    started = time.monotonic()
    size_bytes = 0
    with rate_bar(console) as progress:
        bar = progress.add_task("shards", total=total, rate="")
        for check in checks:
            size_bytes += check.size_bytes
            rate = f"{size_bytes / 1e6 / (time.monotonic() - started):.0f} MB/s"
            progress.update(bar, advance=1, rate=rate)
            yield check


def _with_lines(total: int, checks: Iterable[ShardCheck]) -> Iterator[ShardCheck]:
    started = last = time.monotonic()
    size_bytes = 0
    for done, check in enumerate(checks, start=1):
        size_bytes += check.size_bytes
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            elapsed = now - started
            left = elapsed / done * (total - done)
            rate = size_bytes / 1e6 / elapsed
            sys.stderr.write(f"  {done} of {total} shards, {rate:.0f} MB/s, {elapsed:.0f} s, about {left:.0f} s left\n")
        yield check


def _as_dictionary(verification: Verification, done: Repair | None) -> dict[str, Any]:
    checked = ("manifests", "shards", "files", "size_bytes")
    return {
        "checked": {name: getattr(verification, name) for name in checked},
        "problems": [_problem(problem) for problem in verification.problems],
        "notes": list(verification.notes),
        "repair": None
        if done is None
        else {
            "removed_shards": [{"stage": stage, "shard": key} for stage, key in done.shards],
            "removed_manifests": [
                {"stage": stage, "fingerprint": fingerprint} for stage, fingerprint in done.manifests
            ],
            "left": [_problem(problem) for problem in done.left],
            "in_use": [_problem(problem) for problem in done.in_use],
        },
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "stage": problem.stage,
        "file": problem.error.where,
        "expected": problem.error.expected,
        "found": problem.error.found,
        "remedy": problem.error.remedy,
        "fingerprint": problem.fingerprint,
        "shard": problem.shard_key,
    }


def _print(console: Console, verification: Verification, done: Repair | None) -> None:
    def say(text: str) -> None:
        console.print(text, soft_wrap=True)

    for problem in verification.problems:
        say(f"{problem.stage}: {problem.error.where}")
        say(f"  expected: {problem.error.expected}\n     found: {problem.error.found}")
        if done is None or problem in done.left:
            say(f"    remedy: {problem.error.remedy}")
    for note in verification.notes:
        say(f"note: {note}")
    number = len(verification.problems)
    say(
        f"checked {verification.manifests} manifests, {verification.shards} shards, {verification.files} files, "
        f"{verification.size_bytes / 1e6:.1f} MB: {f'{number} problems' if number else 'no problem'}"
    )
    if done is not None:
        _print_repair(say, done)


def _print_repair(say: Any, done: Repair) -> None:
    shards = Counter(stage for stage, _ in done.shards)
    manifests = Counter(stage for stage, _ in done.manifests)
    by_stage = [
        f"  {stage}: {shards[stage]} shards and {manifests[stage]} manifests removed"
        for stage in sorted({*shards, *manifests})
    ]
    for line in by_stage or ["nothing had to be removed"]:
        say(line)
    say(
        f"the next run computes {len(done.shards)} shards and writes the missing manifests; "
        "later stages stay current where the values come out equal"
    )
    for problem in done.in_use:
        say(f"left alone, as a run works with {problem.stage} now; verify again after it: {problem.error.where}")
    if done.left:
        say(f"{len(done.left)} problems are not solved by removing files; see their remedies above")
