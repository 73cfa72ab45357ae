"""The lines that a run prints as it goes on: with a time on each in a log, plain on a terminal, and never folded."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console

# A record with this attribute tells how far a shard is, as (done, all) of whatever its job counts.
INNER_PROGRESS = "inner_progress"
# Returns whether it showed how far a shard is; else the line is printed.
ShowInner = Callable[[int, int], bool]


def print_line(console: Console, text: str) -> None:
    """Print one line of a run; where there is no terminal it begins with the moment, ISO 8601 in UTC."""
    moment = "" if console.is_terminal else f"{datetime.now(UTC).isoformat(timespec='seconds')} "
    console.print(f"{moment}{text}", soft_wrap=True, markup=False, highlight=False)


class RunLog(logging.Handler):
    """Prints what jobs log as lines of the run, but for progress within a shard that is shown as a bar.

    Args:
        console: where to.
        show_inner: shows progress within a shard, where it can.
    """

    def __init__(self, console: Console, show_inner: ShowInner) -> None:
        super().__init__()
        self._console = console
        self._show_inner = show_inner

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record; a line break in it begins a line of its own."""
        inner = getattr(record, INNER_PROGRESS, None)
        if inner is not None and self._show_inner(*inner):
            return
        for line in record.getMessage().splitlines():
            print_line(self._console, line)
