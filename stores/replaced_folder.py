"""Folders for people beside the artifacts, written anew as wholes: a reader finds the old one or the new one."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stores.location import Location
from stores.system_errors import explain_write_errors

# As of files that are not finished, so that `sane gc` finds what a killed writer has left.
_UNFINISHED = ".unfinished-"


@contextmanager
def replaced_folder(place: Location) -> Iterator[Path]:
    """Give an empty folder to fill; when all went well, it takes the place of the one that was there, if any.

    A process that is killed leaves the old folder, or, within the moment between two renames, none; never half of one.
    Its files are not forced onto the disk one by one, so that a loss of power may leave some of them empty.

    Args:
        place: on a local disk; what is there must be a folder, or nothing.

    Raises:
        ReadOnlyStore: it cannot be written.
        StoreError: there is a link.
    """
    place.exists()  # refuses links
    target = Path(place.path)
    with explain_write_errors(place.url):
        os.makedirs(target.parent, exist_ok=True)
        filled = _beside(target)
        os.mkdir(filled)
        try:
            yield filled
            _exchange(filled, target)
        finally:
            shutil.rmtree(filled, ignore_errors=True)


def _exchange(filled: Path, target: Path) -> None:
    old = _beside(target)
    was_there = target.exists()
    if was_there:
        os.rename(target, old)
    try:
        os.rename(filled, target)
    except OSError:
        # Another process may have put its own there meanwhile; else the old one goes back.
        if was_there and not target.exists():
            os.rename(old, target)
        elif was_there:
            shutil.rmtree(old, ignore_errors=True)
        raise
    if was_there:
        shutil.rmtree(old)


def _beside(target: Path) -> Path:
    return target.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
