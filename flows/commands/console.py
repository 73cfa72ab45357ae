"""The console that tables are printed on, and the bar that shows how far long work is."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PIPE_WIDTH = 150


def plain_console() -> Console:
    """Return a console as wide as the terminal; in a pipe or a log wide enough not to fold tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def rate_bar(console: Console, indent: str = "") -> Progress:
    """Return a bar with counts, the task's field `rate`, time gone and left; it goes when the work is done."""
    columns = (
        TextColumn(indent + "{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)
