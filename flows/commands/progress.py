"""Progress of a run on the console: bars with the time left, or plain lines where there is no terminal."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID

from flows.commands.console import rate_bar
from flows.commands.plan import seconds_in_words
from flows.commands.run_lines import RunLog, print_line
from flows.commands.time_left import TimeLeft
from flows.engine.plan import StagePlan
from flows.engine.run import Reporter
from flows.engine.short_reasons import in_short
from flows.engine.stage_lock import waiting_text
from stores.leases import Lease
from stores.manifests import Commit

SECONDS_BETWEEN_LINES = 10
REASONS_SHOWN = 3
# Less than this is not worth telling.
LEAST_SECONDS_LEFT = 1.0


def console_reporter(console: Console, ahead: Callable[[], TimeLeft] | None = None) -> Reporter:
    """Return a reporter that shows each stage that has work, and nothing for those that are current.

    Args:
        console: where to.
        ahead: tells the stages before the run, asked once the first one has work; None where only one is run.
    """
    view = _RunView(console, _nothing_ahead if ahead is None else ahead)
    logger = logging.getLogger("sane")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [RunLog(console, view.show_inner)]
    return Reporter(view.stage_planned, view.shards_done, waiting_view(console))


def waiting_view(console: Console) -> Callable[[StagePlan, Lease], None]:
    """Return a function that says which run is waited for."""

    def waiting(plan: StagePlan, lease: Lease) -> None:
        print_line(console, waiting_text(plan, lease))

    return waiting


def why_it_runs(plan: StagePlan) -> str:
    """Return in words why a stage runs: its state, unless the reason says more than "missing" would."""
    reasons = "; ".join(in_short(plan.reasons)[:REASONS_SHOWN])
    says_itself = plan.state == "missing" or plan.reasons[:1] == ("forced",)
    return reasons if says_itself else f"{plan.state} ({reasons})"


class _RunView:
    """What is shown of a run as it goes from stage to stage."""

    def __init__(self, console: Console, ahead: Callable[[], TimeLeft]) -> None:
        self._console = console
        self._tell_ahead = ahead
        self._bars: _Bars | None = None

    @cached_property
    def _ahead(self) -> TimeLeft:
        return self._tell_ahead()

    def stage_planned(self, plan: StagePlan) -> None:
        if plan.state != "current":
            # What is ahead is told before this stage has done anything of it.
            self._ahead.begin(plan.stage.name)
            print_line(self._console, f"{plan.stage.name}: {why_it_runs(plan)}")
        elif "_ahead" in vars(self):
            self._ahead.passed(plan.stage.name)

    def shards_done(self, plan: StagePlan, commits: Iterable[Commit]) -> Iterable[Commit]:
        total = len(plan.shards) - len(plan.shards_done)
        show = self._with_bars if self._console.is_terminal else self._with_lines
        return show(plan.stage.name, total, commits)

    def show_inner(self, done: int, total: int) -> bool:
        """Show how far the shard in work is; False where there is no bar that could."""
        if self._bars is None:
            return False
        self._bars.inner(done / max(total, 1))
        return True

    def _with_bars(self, stage: str, total: int, commits: Iterable[Commit]) -> Iterator[Commit]:
        with rate_bar(self._console, indent="  ") as progress:
            self._bars = _Bars(progress, self._ahead, stage, total)
            try:
                for commit in commits:
                    self._bars.shard_done(commit.counts.get("images", 0))
                    yield commit
            finally:
                self._bars = None
                self._ahead.passed(stage)

    def _with_lines(self, stage: str, total: int, commits: Iterable[Commit]) -> Iterator[Commit]:
        started = last = time.monotonic()
        for done, commit in enumerate(commits, start=1):
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_LINES or done == total:
                last = now
                print_line(self._console, "  " + self._line(stage, done, total, now - started))
            yield commit
        self._ahead.passed(stage)

    def _line(self, stage: str, done: int, total: int, elapsed: float) -> str:
        left = elapsed / done * (total - done)
        after = self._ahead.after(stage)
        told = [f"{stage}: {done} of {total} shards", self._ahead.place(stage), seconds_in_words(elapsed)]
        if left >= LEAST_SECONDS_LEFT:
            told.append(f"about {seconds_in_words(left)} left")
        if after is not None and after >= LEAST_SECONDS_LEFT:
            told.append(f"about {seconds_in_words(left + after)} left for all stages")
        return ", ".join(text for text in told if text)


def _nothing_ahead() -> TimeLeft:
    return TimeLeft({})


class _Bars:
    """One bar over all stages and one over the shards of the stage in work."""

    def __init__(self, progress: Progress, ahead: TimeLeft, stage: str, total: int) -> None:
        self._progress, self._ahead, self._stage, self._total = progress, ahead, stage, total
        self._started = time.monotonic()
        self._done, self._images = 0, 0
        place = ahead.place(stage)
        self._all: TaskID | None = None
        if place:
            self._all = progress.add_task(f"all stages ({place})", total=ahead.stages, rate="")
        self._own = progress.add_task(escape(stage), total=total, rate="")
        self._show(0.0)

    def shard_done(self, images: int) -> None:
        self._done, self._images = self._done + 1, self._images + images
        self._show(float(self._done))

    def inner(self, share: float) -> None:
        self._show(self._done + min(share, 1.0))

    def _show(self, shards: float) -> None:
        elapsed = time.monotonic() - self._started
        rate = f"{self._images / elapsed:.1f} images/s" if self._images and elapsed else ""
        self._progress.update(self._own, completed=shards, rate=rate)
        if self._all is None:
            return
        share = shards / max(self._total, 1)
        after = self._ahead.after(self._stage)
        left = None if after is None or not shards else elapsed / shards * (self._total - shards) + after
        told = "" if left is None or left < LEAST_SECONDS_LEFT else f"about {seconds_in_words(left)} left"
        self._progress.update(self._all, completed=self._ahead.done(self._stage, share), rate=told)
