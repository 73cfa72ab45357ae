"""Why the operating system refuses to read or write a place, and what to do about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from stores.errors import REPAIR_REMEDY, MissingArtifact, ReadOnlyStore, StoreError
from stores.object_errors import object_store_refusal

# Python and Arrow have no error class of their own for a thread that the system refuses.
_NO_THREAD = ("can't start new thread", "Failed to launch worker thread")

_WRITE_REMEDIES = {
    errno.EACCES: "give yourself write permission there, or choose another store with [store] root",
    errno.EPERM: "choose a place that you may write and that supports hard links, with [store] root",
    errno.ENOTSUP: "choose a place that supports hard links, with [store] root",
    errno.EROFS: "the file system is mounted read-only: choose another store with [store] root",
    errno.ENOSPC: "free some space and run again: finished shards stay",
    errno.EDQUOT: "your disk quota is used up: free some space and run again",
    errno.ENOTDIR: "a file stands where a folder is needed: move it, or choose another [store] root",
}


@contextmanager
def explain_read_errors(where: str) -> Iterator[None]:
    """Turn the system's or an object store's refusal to read into an error that names the place and the remedy."""
    try:
        with _explain_object_store(where, writing=False):
            yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise MissingArtifact(
            expected="a stored file or folder",
            found="none",
            where=where,
            remedy=REPAIR_REMEDY,
        ) from error
    except (OSError, MemoryError) as error:
        raise unreadable(where, error) from error


def unreadable(where: str, reason: BaseException) -> StoreError:
    """Return the error for stored data that could not be read here and now, which says nothing about their content.

    Never a CorruptArtifact: what is unreadable for want of permission or of memory may be whole, so that a repair
    must leave it alone.
    """
    remedy = "check its permissions, the disk, or the connection"
    if is_memory_shortage(reason):
        remedy = "run again where more memory is free: nothing was found damaged"
    return StoreError(
        expected="a readable file or folder",
        found=f"it could not be read: {str(reason) or type(reason).__name__}"[:500],
        where=where,
        remedy=remedy,
    )


def is_memory_shortage(error: BaseException) -> bool:
    """Return whether an error, or one that it was raised from, says that memory or threads run short."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError) or any(words in str(seen) for words in _NO_THREAD):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@contextmanager
def explain_write_errors(where: str) -> Iterator[None]:
    """Turn the system's or an object store's refusal to write into an error that names the place and the remedy."""
    try:
        with _explain_object_store(where, writing=True):
            yield
    except OSError as error:
        remedy = _WRITE_REMEDIES.get(error.errno or 0)
        if remedy is None and isinstance(error, PermissionError):
            remedy = _WRITE_REMEDIES[errno.EACCES]
        if remedy is None:
            raise StoreError(
                expected="a place that can be written",
                found=str(error) or type(error).__name__,
                where=where,
                remedy="check the disk or the connection, and run again: finished shards are kept",
            ) from error
        raise ReadOnlyStore(
            expected="a place that can be written",
            found=error.strerror or str(error),
            where=where,
            remedy=remedy,
        ) from error


@contextmanager
def _explain_object_store(where: str, writing: bool) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        refusal = object_store_refusal(error)
        if refusal is None:
            raise
        kind = ReadOnlyStore if writing and refusal.is_forbidden else StoreError
        raise kind(
            expected="an object store that lets the store be written" if writing else "an object store that answers",
            found=refusal.found,
            where=where,
            remedy=refusal.remedy,
        ) from error
