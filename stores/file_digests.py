"""The sha256 of data set files, remembered by path, size and modification time in a side file.

A cache: a damaged, missing or unwritable side file costs time, never correctness. 365,000 known files take
seconds.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from stores.errors import MissingArtifact, ReadOnlyStore, StoreError
from stores.location import Location

# A file may change twice within one tick of a coarse file clock, so what is younger is hashed again later.
_DISTRUSTED_AGE_NS = 2_000_000_000
_BLOCK_BYTES = 2**20
_HASHING_THREADS = 8

Progress: TypeAlias = Callable[[int, int], None]
_State: TypeAlias = tuple[int, int]


class FileDigests:
    """Digests of local files.

    Args:
        location: the side file, a Parquet table of path, size_bytes, mtime_ns and sha256.
    """

    def __init__(self, location: Location) -> None:
        self._location = location

    def digest_files(
        self,
        paths: Sequence[str],
        rehash: bool = False,
        progress: Progress | None = None,
        missing_ok: bool = False,
    ) -> dict[str, str]:
        """Return the sha256 of each file, by path as given, reading only files that may have changed.

        Args:
            paths: local files.
            rehash: read every file, whatever the side file says.
            progress: called with (files read, files to read) after each.
            missing_ok: leave files that do not exist out of the result, instead of refusing.

        Raises:
            MissingArtifact: when a file does not exist.
            StoreError: when a file cannot be read, or changes while it is read.
        """
        known = self._load()
        digests: dict[str, str] = {}
        to_read: list[str] = []
        for path in paths:
            state = _state_of(path, missing_ok)
            entry = known.get(_key_of(path))
            if state is None:
                continue
            if entry is not None and entry[:2] == state and not rehash:
                digests[path] = entry[2]
            else:
                to_read.append(path)
        if to_read:
            try:
                digests |= self._read(to_read, known, progress)
            finally:
                # Hashing may take hours: what is done is kept even when it is interrupted.
                self._save(known)
        return {path: digests[path] for path in paths if path in digests}

    def _read(
        self, paths: Sequence[str], known: dict[str, tuple[int, int, str]], progress: Progress | None
    ) -> dict[str, str]:
        digests: dict[str, str] = {}
        pool = ThreadPoolExecutor(min(_HASHING_THREADS, os.cpu_count() or 1))
        try:
            for path, (state, age_ns, digest) in zip(paths, pool.map(_hash_file, paths), strict=True):
                digests[path] = digest
                key = _key_of(path)
                if age_ns < _DISTRUSTED_AGE_NS or not _is_text(key):
                    known.pop(key, None)
                else:
                    known[key] = (*state, digest)
                if progress is not None:
                    progress(len(digests), len(paths))
        finally:
            # An interruption should not wait for thousands of files that nobody asks for any more.
            pool.shutdown(cancel_futures=True)
        return digests

    def _load(self) -> dict[str, tuple[int, int, str]]:
        from stores.tables import decode_table

        try:
            columns = decode_table(self._location.read_bytes(), self._location.url).to_pydict()
            rows = zip(columns["size_bytes"], columns["mtime_ns"], columns["sha256"], strict=True)
            return dict(zip(columns["path"], rows, strict=True))
        except (StoreError, KeyError):
            return {}

    def _save(self, known: dict[str, tuple[int, int, str]]) -> None:
        import pyarrow as pa

        from stores.tables import encode_table

        sizes, times, digests = zip(*known.values(), strict=True) if known else ((), (), ())
        columns = {
            "path": pa.array(known, pa.string()),
            "size_bytes": pa.array(sizes, pa.int64()),
            "mtime_ns": pa.array(times, pa.int64()),
            "sha256": pa.array(digests, pa.string()),
        }
        try:
            self._location.replace_bytes(encode_table(pa.table(columns)))
        except ReadOnlyStore:
            return


def _key_of(path: str) -> str:
    """Return the path as the side file names it, whatever the working folder is."""
    # os.path.abspath takes as long as the system call beside it, so absolute paths are taken as they are.
    return path if path.startswith(os.sep) else os.path.abspath(path)


def _state_of(path: str, missing_ok: bool) -> _State | None:
    """Return the (size, mtime_ns) of a file, or None for a missing one that may be missing."""
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        if missing_ok:
            return None
        raise MissingArtifact(
            expected="a data set file",
            found="none",
            where=path,
            remedy="restore the file, or take it off the list",
        ) from error
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    return status.st_size, status.st_mtime_ns


def _hash_file(path: str) -> tuple[_State, int, str]:
    """Return the state of a file, its age when reading began, and the sha256 of its content."""
    started_ns = time.time_ns()
    hasher = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            before = os.fstat(file.fileno())
            while block := file.read(_BLOCK_BYTES):
                hasher.update(block)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise _unreadable(path, str(error)) from error
    state = (after.st_size, after.st_mtime_ns)
    if (before.st_size, before.st_mtime_ns) != state:
        raise _unreadable(path, "it changed while it was read")
    return state, started_ns - after.st_mtime_ns, hasher.hexdigest()


def _is_text(path: str) -> bool:
    """Return whether a path is valid Unicode: names in other encodings do not fit into a table."""
    return path.encode("utf-8", "replace").decode() == path


def _unreadable(path: str, found: str) -> StoreError:
    return StoreError(
        expected="a readable file that nobody is writing",
        found=found,
        where=path,
        remedy="check its permissions, wait for whoever writes it, and run again",
    )
