"""Progress of a run on the console: a bar with rate and time left, or plain lines where there is no terminal."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.logging import RichHandler

from flows.commands.console import rate_bar
from flows.engine.plan import StagePlan
from flows.engine.run import Reporter
from flows.engine.stage_lock import waiting_text
from stores.leases import Lease
from stores.manifests import Commit

SECONDS_BETWEEN_LINES = 10


def console_reporter(console: Console) -> Reporter:
    """Return a reporter that shows each stage that has work, and nothing for those that are current."""
    logger = logging.getLogger("sane")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [RichHandler(console=console, show_path=False, show_level=False)]

    def stage_planned(plan: StagePlan) -> None:
        if plan.state != "current":
            console.print(f"{plan.stage.name}: {plan.state} ({'; '.join(plan.reasons[:3])})", soft_wrap=True)

    def shards_done(plan: StagePlan, commits: Iterable[Commit]) -> Iterable[Commit]:
        total = len(plan.shards) - len(plan.shards_done)
        if console.is_terminal:
            return _with_bar(console, plan.stage.name, total, commits)
        return _with_lines(console, plan.stage.name, total, commits)

    return Reporter(stage_planned, shards_done, waiting_view(console))


def waiting_view(console: Console) -> Callable[[StagePlan, Lease], None]:
    """Return a function that says which run is waited for."""

    def waiting(plan: StagePlan, lease: Lease) -> None:
        console.print(waiting_text(plan, lease), soft_wrap=True)

    return waiting


def _with_bar(console: Console, stage: str, total: int, commits: Iterable[Commit]) -> Iterator[Commit]:
    started = time.monotonic()
    images = 0
    with rate_bar(console, indent="  ") as progress:
        bar = progress.add_task(stage, total=total, rate="")
        for commit in commits:
            images += commit.counts.get("images", 0)
            rate = images / (time.monotonic() - started)
            progress.update(bar, advance=1, rate=f"{rate:.1f} images/s")
            yield commit


def _with_lines(console: Console, stage: str, total: int, commits: Iterable[Commit]) -> Iterator[Commit]:
    started = last = time.monotonic()
    for done, commit in enumerate(commits, start=1):
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES or done == total:
            last = now
            elapsed = now - started
            left = elapsed / done * (total - done)
            console.print(f"  {stage}: {done} of {total} shards, {elapsed:.0f} s, about {left:.0f} s left")
        yield commit
