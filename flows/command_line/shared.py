"""What all commands share: options, exit codes, and errors as a readable block."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from flows.commands.output import EXIT_STOPPED, OutputClosed, drop_unread_output, nobody_reads, say
from flows.engine.errors import BadRequest
from pipeline.errors import BadSetting, PipelineError
from stores.errors import StoreError

# Waiting threads that spin starve each other on shared cores; read by OpenMP when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

EXIT_FAILED = 1
EXIT_USAGE = 2

Config = Annotated[Path, typer.Argument(help="configuration file (TOML); paths in it are relative to it")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="key=value over the file, such as saliency.rise.masks=500; repeatable")
]
Debug = Annotated[bool, typer.Option("--debug", help="show tracebacks, the cause of an error last")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="name all modules that changed and all stages that are waited for")
]
Format = Annotated[str, typer.Option("--format", help="text or json")]


def check_text_or_json(format: str) -> None:
    """Refuse a format that is neither.

    Raises:
        BadSetting: names both.
    """
    if format not in ("text", "json"):
        raise BadSetting(expected="text or json", found=format, where="--format", remedy="choose one of them")


@contextmanager
def readable_errors(debug: bool) -> Iterator[None]:
    """Turn errors into one readable block and an exit code: 1 failed, 2 bad setting, 75 stopped.

    A command is stopped by SIGINT, by SIGTERM, or because nobody reads its output any more.
    """
    try:
        with _stopping_signals():
            yield
            sys.stdout.flush()
    except KeyboardInterrupt as stop:
        if not isinstance(stop, OutputClosed):
            say("stopped; everything committed is kept, the same command goes on from there\n")
        _leave_unread()
    except BrokenPipeError:
        if not nobody_reads():
            raise
        _leave_unread()
    except (PipelineError, StoreError) as error:
        if debug:
            from flows.commands.tracebacks import causes_last

            say(causes_last(error))
        say(f"error\n{error}\n")
        raise typer.Exit(EXIT_USAGE if isinstance(error, BadSetting | BadRequest) else EXIT_FAILED) from error


@contextmanager
def _stopping_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt; a SIGINT that is ignored, as in the background, stays so."""
    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        numbers.append(signal.SIGINT)
    previous = {number: signal.signal(number, _stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave_unread() -> NoReturn:
    drop_unread_output()
    raise typer.Exit(EXIT_STOPPED) from None


def _stop(_signal_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
