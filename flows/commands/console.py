"""The consoles that everything is printed on, and the bar that shows how far long work is."""

import threading

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flows.commands.output import OutputClosed

PIPE_WIDTH = 150


class _StoppingConsole(Console):
    """Ends a command whose output nobody reads any more, without a traceback and without failing."""

    def on_broken_pipe(self) -> None:
        """Stop the main thread; what another thread had to say is dropped."""
        if threading.current_thread() is threading.main_thread():
            raise OutputClosed


def plain_console() -> Console:
    """Return a console as wide as the terminal; in a pipe or a log wide enough not to fold tables.

    Text is shown as it is: a path, a label or an error of the user's may hold [/b] or :bug:, which Rich would take for
    markup. What has a colour is a Text with a style.
    """
    console = _console(stderr=False)
    return console if console.is_terminal else _console(stderr=False, width=PIPE_WIDTH)


def error_console() -> Console:
    """Return the console of the error stream, for progress beside a result that a program may read."""
    return _console(stderr=True)


def _console(stderr: bool, width: int | None = None) -> Console:
    return _StoppingConsole(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def rate_bar(console: Console, indent: str = "") -> Progress:
    """Return a bar with counts, the task's field `rate`, time gone and left; it goes when the work is done."""
    columns = (
        TextColumn(indent + "{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)
