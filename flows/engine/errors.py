"""Errors of the engine, in the four parts that all errors of the program have."""

from stores.errors import StoreError

FOUR_PARTS = ("expected", "found", "where", "remedy")


class BadRequest(StoreError):
    """A run is asked for something that there is not: a stage, a device, a cluster, a recorded run."""


def has_four_parts(error: BaseException) -> bool:
    """Return whether an error says what was expected and found, where, and what to do about it.

    Such an error refuses data, settings or a store; any other is a fault of the program.
    """
    return all(isinstance(getattr(error, part, None), str) for part in FOUR_PARTS)


def error_text(error: BaseException) -> str:
    """Return the four parts of an error that has them, else its type and text."""
    text = str(error).strip()
    if has_four_parts(error):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
