"""Running code of the user's within this process: what it changes is put back, and how it ends is an error of its own.

with errors_as(refused), guard.around(AROUND_EACH_CALL):
    vectors = model.embed(images)
"""

import logging
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from pipeline.errors import BadModel
from pipeline.similarity.user_model.process_state import SIGNALS, Guarded

LOG = logging.getLogger("sane")


class ProcessGuard:
    """Keeps a process as it was around the code of one user's model.

    What that code set and may compute with, such as the default dtype, it finds again in its next call.

    Args:
        whose: the code, for the log.
    """

    def __init__(self, whose: str = "the user's similarity model") -> None:
        self._whose = whose
        self._lent: dict[str, Any] = {}
        self._told: set[str] = set()

    def copy(self) -> "ProcessGuard":
        """Return a guard that begins with what this one's code has set so far; together they tell each thing once."""
        other = ProcessGuard(self._whose)
        other._lent, other._told = dict(self._lent), self._told
        return other

    @contextmanager
    def around(self, states: Sequence[Guarded]) -> Iterator[None]:
        """Put back, at the end of the block, what it changed of these; each is logged once, unless it is usual."""
        kept = [(state, state.read()) for state in states]
        for state, _ in kept:
            if state.name in self._lent:
                state.restore(self._lent[state.name])
        try:
            yield
        finally:
            self._restore(kept)

    def _restore(self, kept: Sequence[tuple[Guarded, Any]]) -> None:
        changed = []
        for state, value in kept:
            found = state.read()
            if state.is_equal(value, found):
                self._lent.pop(state.name, None)
                continue
            state.restore(value)
            if not state.is_usual:
                changed.append(state.name)
            if state.is_lent:
                self._lent[state.name] = found
        # After all is put back: the log is among it.
        untold = [name for name in changed if name not in self._told]
        if untold:
            LOG.info("%s changed and sane put back: %s", self._whose, ", ".join(untold))
            self._told.update(untold)


@contextmanager
def errors_as(refused: Callable[[BaseException], BadModel]) -> Iterator[None]:
    """Turn whatever a block raises, SystemExit too, into an error of the user's model.

    Args:
        refused: makes the error to raise.

    Raises:
        BadModel: in place of the block's error, unless that is one already. Running out of a device's memory stays as
            it is, for the caller to take smaller batches, and so does an interrupt.
    """
    try:
        yield
    except (torch.OutOfMemoryError, BadModel):
        raise
    except BaseException as error:
        if _is_interrupt(error):
            raise
        raise refused(error) from error


def error_text(error: BaseException) -> str:
    """Return an error's type and the beginning of its text."""
    text = str(error)[:500]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def ending_remedy(error: BaseException, otherwise: str) -> str:
    """Return what to do about code that ends the process; for any other error `otherwise`."""
    if isinstance(error, SystemExit):
        return "leave out sys.exit() and exit(); put what a script runs below `if __name__ == '__main__':`"
    return otherwise


def _is_interrupt(error: BaseException) -> bool:
    """Return whether the user, or whoever runs this process, wants it to stop: not an error of the code it met."""
    if isinstance(error, KeyboardInterrupt):
        return True
    handlers = (signal.getsignal(number) for number in SIGNALS)
    codes = [getattr(handler, "__code__", None) for handler in handlers]
    # Raised by a handler of a signal, such as that of a scheduler which ends its job.
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(error.__traceback__))
