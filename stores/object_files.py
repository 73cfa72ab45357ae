"""Opening an fsspec file system, and making and removing files on it, with what S3 needs besides.

s3fs knows the conditional write, but four things around it are left to its callers: a client repeats a request
whose answer was lost and then takes its own file for another process's; servers other than Amazon's word the refusal
in their own ways; some ignore the condition; and failures within a bulk deletion are dropped.
"""

import secrets
import time
from functools import lru_cache
from typing import Any

from stores.errors import StoreError
from stores.object_errors import error_code
from stores.object_requests import ObjectRequests

_PRECONDITION = ("PreconditionFailed", "412")
_CONFLICT = ("ConditionalRequestConflict", "OperationAborted", "409")
_CONFLICT_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6)
_KEYS_PER_DELETION = 1000
_LARGEST_TRIAL_BYTES = 2**20


def open_file_system(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of a URL, and the path on it without a trailing slash.

    Credentials, endpoint and the like come from where the protocol's own tools look for them, and from
    fsspec's configuration.

    Raises:
        StoreError: when the file system is not installed, caches files, or the path holds glob marks.
    """
    import fsspec

    protocol, _, path = url.partition("://")
    if "::" in url:
        raise _unusable(url, "a chain of file systems", "name one file system: a cache would hide what others write")
    if any(mark in path for mark in "*?["):
        raise _unusable(url, "a path with one of * ? [", "choose another: fsspec would take it for a pattern")
    # A cached listing would hide what other machines wrote meanwhile.
    options: dict[str, Any] = {"use_listings_cache": False}
    if protocol in ("s3", "s3a"):
        # With more, s3fs asks for an object's size before it reads it: two requests for every small file.
        options["max_concurrency"] = 1
    try:
        file_system, root = fsspec.core.url_to_fs(url, **options)
    except (ImportError, ValueError) as error:
        remedy = "install the package that serves this protocol (s3fs for s3://, gcsfs for gs://)"
        raise _unusable(url, str(error), remedy) from error
    return file_system, str(root).rstrip("/")


def create_file(requests: ObjectRequests, path: str, data: bytes) -> bool:
    """Write a new file whole; return False, writing nothing, when it already exists.

    Of several writers at once exactly one gets True.

    Raises:
        StoreError: when the server ignores the condition, so that the second of two writers would win, or does not
            answer in time.
        Exception: whatever the file system raises.
    """
    file_system = requests.file_system
    if not _is_s3(file_system):
        try:
            requests.ask("pipe_file", path, data, mode="create")
        except FileExistsError:
            return False
        return True
    if not _create_object(requests, path, data):
        return False
    bucket = file_system.split_path(path)[0]
    if len(data) <= _LARGEST_TRIAL_BYTES and bucket not in _tried_buckets(file_system):
        # Twice, for another process may have removed the file in between, as it may do with a lease.
        if all(_create_object(requests, path, data) for _ in range(2)):
            raise StoreError(
                expected="a server that refuses to overwrite when asked with If-None-Match: *",
                found="one that overwrote a file all the same",
                where=f"s3://{path}",
                remedy="use a server with conditional writes: without them two runs could mix their results",
            )
        _tried_buckets(file_system).add(bucket)
    return True


def remove_files(requests: ObjectRequests, path: str) -> None:
    """Delete a file, or all below a folder.

    Raises:
        Exception: whatever the file system raises; PermissionError or OSError for files that S3 keeps.
    """
    file_system = requests.file_system
    if not _is_s3(file_system):
        requests.ask("rm", path, recursive=True)
        return
    # Not rm: it takes its argument for a pattern, and it says nothing of files that the server kept.
    keys = [file_system.split_path(found)[1] for found in requests.ask("find", path)]
    bucket = file_system.split_path(path)[0]
    for start in range(0, len(keys), _KEYS_PER_DELETION):
        batch = [{"Key": key} for key in keys[start : start + _KEYS_PER_DELETION]]
        answer = requests.ask("call_s3", "delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        for kept in answer.get("Errors", []):
            kind = PermissionError if kept.get("Code") == "AccessDenied" else OSError
            raise kind(f"{kept.get('Code')}: {kept.get('Message')} ({kept.get('Key')})")


def _create_object(requests: ObjectRequests, path: str, data: bytes) -> bool:
    writer = secrets.token_hex(16)
    for wait_s in (*_CONFLICT_WAITS_S, None):
        try:
            requests.ask("pipe_file", path, data, mode="create", Metadata={"writer": writer})
            return True
        except OSError as error:
            if isinstance(error, FileExistsError) or error_code(error) in _PRECONDITION:
                # Perhaps our own: the client repeats a request whose answer was lost.
                return _writer_of(requests, path) == writer
            # Two conditional writes at one moment: the server settles neither and wants to be asked again.
            if wait_s is None or error_code(error) not in _CONFLICT:
                raise
            time.sleep(wait_s)
    return False


def _writer_of(requests: ObjectRequests, path: str) -> str | None:
    bucket, key, _ = requests.file_system.split_path(path)
    try:
        answer = requests.ask("call_s3", "head_object", Bucket=bucket, Key=key)
    except FileNotFoundError:
        return None
    writer: str | None = answer.get("Metadata", {}).get("writer")
    return writer


@lru_cache(maxsize=64)
def _tried_buckets(file_system: Any) -> set[str]:  # noqa: ARG001 - the cache's key
    """Return the buckets that were seen to refuse overwriting in this process; the caller adds to them."""
    return set()


def _is_s3(file_system: Any) -> bool:
    protocols = file_system.protocol
    return "s3" in ((protocols,) if isinstance(protocols, str) else protocols)


def _unusable(url: str, found: str, remedy: str) -> StoreError:
    return StoreError(
        expected="a folder or the URL of an installed fsspec file system",
        found=found,
        where=url,
        remedy=remedy,
    )
