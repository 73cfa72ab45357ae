"""Where the command `sane` begins, before anything is imported that takes time: Ctrl-C then ends it without a word."""

import gc
import os
import signal
from types import FrameType

from flows.commands.output import EXIT_STOPPED, open_missing_streams


def main() -> None:
    """Run the command that the arguments name.

    Until it begins, SIGINT and SIGTERM end the process at once: nothing has been done yet. Signals that are ignored,
    as after `nohup`, stay so.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end_at_once)
    open_missing_streams()
    # Of what is imported nothing is ever garbage; looking through it again and again is a tenth of the start-up.
    gc.disable()
    from flows.cli import app

    gc.freeze()
    gc.enable()
    app()


def _end_at_once(_signal_number: int, _frame: FrameType | None) -> None:
    # An exception could be swallowed by whatever is being imported.
    os._exit(EXIT_STOPPED)


if __name__ == "__main__":
    main()
