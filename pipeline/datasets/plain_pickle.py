"""Reading a pickle that holds nothing but lists, tuples and strings; anything else is refused before it is run."""

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any, NoReturn

from pipeline.errors import BadDataset

LARGEST_BYTES = 1_000_000
# Opcodes that build lists, tuples and strings, or remember and recall them. None looks up or calls anything.
_PLAIN = frozenset(
    {
        *("PROTO", "FRAME", "STOP", "MARK"),
        *("EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"),
    }
)
_REMEMBER = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


class _PlainUnpickler(pickle.Unpickler):
    """Looks up no name, whatever the opcodes are."""

    def find_class(self, module: str, name: str) -> NoReturn:
        """Refuse every class and function."""
        raise pickle.UnpicklingError(f"the name {module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        """Refuse every object kept elsewhere."""
        raise pickle.UnpicklingError(f"the object {pid!r} kept outside the file")


def read_plain_pickle(path: Path) -> Any:
    """Return the content of a pickle file made of lists, tuples and strings alone.

    The file is taken apart into opcodes first; it is only loaded if each of them is among the harmless ones.

    Raises:
        BadDataset: the file cannot be read, is larger than 1 MB, is no pickle, or holds anything else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _refusal(path, str(error)) from error
    if len(data) > LARGEST_BYTES:
        raise _refusal(path, f"more than {LARGEST_BYTES} bytes")
    try:
        for opcode, argument, position in pickletools.genops(data):
            if opcode.name not in _PLAIN:
                raise _refusal(
                    path, f"{opcode.name} {argument or ''}".strip() + f" at byte {position}; nothing was run"
                )
            # A huge number would make the loader reserve memory for as many entries.
            if opcode.name in _REMEMBER and argument is not None and argument > len(data):
                raise _refusal(path, f"entry number {argument} at byte {position}")
        return _PlainUnpickler(io.BytesIO(data), encoding="utf-8").load()
    except BadDataset:
        raise
    except Exception as error:  # a damaged pickle raises nearly anything: all of it means "no such pickle"
        raise _refusal(path, f"{type(error).__name__}: {error}") from error


def _refusal(path: Path, found: str) -> BadDataset:
    return BadDataset(
        expected="a pickle of lists, tuples and strings alone, of at most 1 MB",
        found=found,
        where=str(path),
        remedy="restore the file from the release, or remove it: the type pairs then come from the training outfits",
    )
