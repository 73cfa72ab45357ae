"""The console that tables are printed on."""

from rich.console import Console

PIPE_WIDTH = 150


def plain_console() -> Console:
    """Return a console as wide as the terminal; in a pipe or a log wide enough not to fold tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)
