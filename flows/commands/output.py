"""Standard output and error whose readers may go away or never were there, as after `| head` or `>&-`."""

import os
import select
import sys
from typing import TextIO

# The exit code of commands that were stopped, as sysexits.h calls a failure that may pass.
EXIT_STOPPED = 75


class OutputClosed(KeyboardInterrupt):
    """Nobody reads the output any more; what goes on ends as it does when Ctrl-C is pressed."""


def open_missing_streams() -> None:
    """Give a process that was started without standard input, output or error an empty one.

    Otherwise the next file that is opened would get its number, and what libraries print would land in it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def nobody_reads() -> bool:
    """Return whether the reader of standard output or error has gone."""
    return any(_is_closed(stream) for stream in (sys.stdout, sys.stderr))


def say(text: str) -> None:
    """Write to the error stream, if anybody reads it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BrokenPipeError:
        return


def drop_unread_output() -> None:
    """Send what is still to be written where nothing complains, so that the interpreter ends without a word."""
    for stream in (sys.stdout, sys.stderr):
        if _is_closed(stream):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _is_closed(stream: TextIO) -> bool:
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(number, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
