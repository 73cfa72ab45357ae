"""A place in the store: one file or folder on a local disk or any fsspec file system.

Files appear complete or not at all, and are never changed once they are there.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stores.errors import MissingArtifact, StoreError
from stores.local_folders import file_sizes_below, refuse_links
from stores.object_files import create_file, open_file_system, remove_files
from stores.object_requests import REQUEST_TIMEOUT_S, ObjectRequests
from stores.system_errors import explain_read_errors, explain_write_errors

_UNFINISHED = ".unfinished-"
_TIMEOUT_OPTION = "?request_timeout_seconds="


@dataclass(frozen=True)
class Location:
    """A file or folder, which need not exist.

    Args:
        filesystem: an fsspec file system, or None for a local disk, which is used directly.
        path: the path on it, absolute, without a trailing slash.
        root: on a local disk the folder from which the path was made by `child`, which may itself be a link. Below
            it no link is followed: all that reads, writes, lists or deletes raises StoreError for one. Empty for a
            place of its own.
        request_timeout_s: on an object store the time for a request and all its repetitions.
    """

    filesystem: Any
    path: str
    root: str = field(default="", compare=False)
    request_timeout_s: float = field(default=REQUEST_TIMEOUT_S, compare=False)

    @classmethod
    def parse(cls, text: str) -> "Location":
        """Return the place named by a folder ("results", "~/results") or a URL ("s3://bucket/results").

        A URL may end in "?request_timeout_seconds=30", see `with_request_timeout`.

        Raises:
            StoreError: for an empty name, or a URL whose file system is not installed or caches files.
        """
        if not text.strip() or text.startswith("://"):
            raise StoreError(
                expected="a folder or an fsspec URL",
                found=repr(text),
                where="the store's root",
                remedy="name one",
            )
        protocol, separator, rest = text.partition("://")
        if not separator or protocol in ("file", "local"):
            path = os.path.abspath(os.path.expanduser(rest if separator else text))
            return cls(None, path, path)
        url, _, seconds = text.partition(_TIMEOUT_OPTION)
        try:
            timeout_s = float(seconds or REQUEST_TIMEOUT_S)
        except ValueError as error:
            raise StoreError(
                expected="a number of seconds", found=repr(seconds), where=text, remedy="correct the store's root"
            ) from error
        return cls(*open_file_system(url), request_timeout_s=timeout_s)

    @property
    def is_local(self) -> bool:
        """Whether the place is on a local disk."""
        return self.filesystem is None

    @property
    def url(self) -> str:
        """The place as text that `parse` and other readers accept: a path, or a URL with its protocol."""
        return self.path if self.is_local else str(self.filesystem.unstrip_protocol(self.path))

    @property
    def address(self) -> str:
        """The place as text that `parse` makes this very place of, with its limit on requests."""
        is_usual = self.is_local or self.request_timeout_s == REQUEST_TIMEOUT_S
        return self.url if is_usual else with_request_timeout(self.url, self.request_timeout_s)

    def child(self, *names: str) -> "Location":
        """Return the place below this one, one name a level.

        Raises:
            StoreError: for a name that is empty, absolute, or leads elsewhere ("..", a slash).
        """
        for name in names:
            if name in ("", ".", "..") or any(mark in name for mark in "/\\\0"):
                raise StoreError(
                    expected="plain file or folder names, one a level",
                    found=repr(name),
                    where=self.url,
                    remedy="give each level as its own name, without slashes",
                )
        return Location(self.filesystem, "/".join((self.path.rstrip("/"), *names)), self.root, self.request_timeout_s)

    def exists(self) -> bool:
        """Return whether a file or folder is there.

        Raises:
            StoreError: when the place cannot be asked.
        """
        self._refuse_links()
        try:
            with explain_read_errors(self.url):
                if not self.is_local:
                    return bool(self._requests.ask("exists", self.path))
                # Not os.path.exists, which takes a folder that may not be looked into for an empty one.
                os.stat(self.path)
                return True
        except MissingArtifact:
            return False

    def read_bytes(self) -> bytes:
        """Return the whole content of the file.

        Raises:
            MissingArtifact: when there is no such file.
            StoreError: when it cannot be read.
        """
        self._refuse_links()
        with explain_read_errors(self.url):
            if self.is_local:
                return Path(self.path).read_bytes()
            return bytes(self._requests.ask("cat_file", self.path))

    def create_bytes(self, data: bytes) -> bool:
        """Write a new file, complete or not at all; return False, writing nothing, when it already exists.

        Of several writers at once exactly one gets True. On object stores this rests on their
        conditional write (S3: If-None-Match).

        Raises:
            ReadOnlyStore: when the place cannot be written, or the disk is full.
        """
        self._refuse_links()
        with explain_write_errors(self.url):
            if self.is_local:
                return self._link_new_file(data)
            return create_file(self._requests, self.path, data)

    def replace_bytes(self, data: bytes) -> None:
        """Write a file, or replace it whole. Only for caches beside the store, never for artifacts.

        Raises:
            ReadOnlyStore: when the place cannot be written, or the disk is full.
        """
        self._refuse_links()
        with explain_write_errors(self.url):
            if self.is_local:
                with self._unfinished_file(data) as unfinished:
                    os.replace(unfinished, self.path)
            else:
                self._requests.ask("pipe_file", self.path, data)

    def list_names(self, include_unfinished: bool = False) -> list[str]:
        """Return the names directly below this folder, sorted; none when there is no such folder.

        Files that a writer has not finished, or was killed over, are left out unless asked for.

        Raises:
            StoreError: when the folder cannot be read.
        """
        self._refuse_links()
        try:
            with explain_read_errors(self.url):
                if self.is_local:
                    names = os.listdir(self.path)
                else:
                    listed = (str(path).rstrip("/") for path in self._requests.ask("ls", self.path, detail=False))
                    # Consoles mark an empty folder with an object of its own name.
                    names = [path.rsplit("/", 1)[-1] for path in listed if path != self.path]
        except MissingArtifact:
            return []
        return sorted(name for name in names if include_unfinished or not name.startswith(_UNFINISHED))

    def file_sizes_bytes(self) -> dict[str, int]:
        """Return the size of every file anywhere below this folder, by its path relative to it; none without a folder.

        Raises:
            StoreError: when the folder, or one below it, cannot be read, or holds a link.
        """
        self._refuse_links()
        if self.is_local:
            return dict(file_sizes_below(self.path))
        with explain_read_errors(self.url):
            found = self._requests.ask("find", self.path, detail=True)
            files = {str(path): int(info["size"]) for path, info in found.items() if not path.endswith("/")}
        skip = len(self.path) + 1
        return {path[skip:]: size for path, size in files.items()}

    def remove_tree(self) -> None:
        """Delete the file or folder with all below it; nothing happens when there is none.

        Raises:
            ReadOnlyStore: when the place cannot be written.
        """
        self._refuse_links()
        with explain_write_errors(self.url):
            try:
                if not self.is_local:
                    remove_files(self._requests, self.path)
                elif os.path.isdir(self.path) and not os.path.islink(self.path):
                    shutil.rmtree(self.path)
                else:
                    os.unlink(self.path)
            except FileNotFoundError:
                return

    def flush_to_disk(self) -> None:
        """Force what other libraries wrote below this folder onto the disk; object stores need none of it."""
        if not self.is_local:
            return
        self._refuse_links()
        with explain_write_errors(self.url):
            for folder, _, names in os.walk(self.path):
                for name in names:
                    _fsync(os.path.join(folder, name))
                _fsync(folder)

    @property
    def _requests(self) -> ObjectRequests:
        return ObjectRequests(self.filesystem, self.request_timeout_s)

    def _refuse_links(self) -> None:
        if self.is_local and self.root:
            refuse_links(self.root, self.path)

    def _link_new_file(self, data: bytes) -> bool:
        if os.path.lexists(self.path):
            return False
        with self._unfinished_file(data) as unfinished:
            try:
                # Unlike a rename, a link never replaces a file that another writer made meanwhile.
                os.link(unfinished, self.path)
            except FileExistsError:
                return False
        _fsync(os.path.dirname(self.path))
        return True

    @contextmanager
    def _unfinished_file(self, data: bytes) -> Iterator[str]:
        """Give the name of a temporary file beside this one that holds the data, safely on disk."""
        folder = os.path.dirname(self.path)
        os.makedirs(folder, exist_ok=True)
        unfinished = os.path.join(folder, f"{_UNFINISHED}{secrets.token_hex(8)}")
        try:
            with open(unfinished, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield unfinished
        finally:
            if os.path.lexists(unfinished):
                os.unlink(unfinished)


def with_request_timeout(url: str, timeout_s: float) -> str:
    """Return the URL of a store with the time that each of its requests may take, for `Location.parse`.

    The limit is part of the address, so that it goes wherever the store does, to workers as well.
    """
    return f"{url.partition(_TIMEOUT_OPTION)[0]}{_TIMEOUT_OPTION}{timeout_s:g}"


def _fsync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
