"""Folders on a local disk: links within a store are refused, and a folder that may not be read is no empty one."""

import os
from collections.abc import Iterator

from stores.errors import MissingArtifact, StoreError
from stores.system_errors import explain_read_errors


def refuse_links(root: str, path: str) -> None:
    """Refuse a path with a symbolic link below a root; the root itself may be one.

    Args:
        root: an absolute path.
        path: the same, or one below it.

    Raises:
        StoreError: names the first link.
    """
    step = root
    for name in path[len(root) :].split("/"):
        if name:
            step = f"{step}/{name}"
            if os.path.islink(step):
                raise _linked(step)


def file_sizes_below(folder: str) -> Iterator[tuple[str, int]]:
    """Give (path below the folder, size in bytes) of every file anywhere below it; none without a folder.

    Raises:
        StoreError: when a folder cannot be read, or holds a link.
    """
    return _file_sizes(folder, "")


def _file_sizes(top: str, below: str) -> Iterator[tuple[str, int]]:
    folder = os.path.join(top, below)
    # By scandir, not by a glob, which takes a folder that may not be read for an empty one.
    try:
        with explain_read_errors(folder), os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except MissingArtifact:
        return  # no such folder, or removed meanwhile
    for entry in entries:
        path = f"{below}{entry.name}"
        if entry.is_symlink():
            raise _linked(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _file_sizes(top, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            try:
                with explain_read_errors(entry.path):
                    size_bytes = entry.stat(follow_symlinks=False).st_size
            except MissingArtifact:
                continue  # finished or removed meanwhile
            yield path, size_bytes


def _linked(path: str) -> StoreError:
    try:
        target = os.readlink(path)
    except OSError:
        target = "somewhere else"
    return StoreError(
        expected="files and folders of the store itself: what lies behind a link may belong to somebody else",
        found=f"a symbolic link to {target}",
        where=path,
        remedy="put what it leads to in its place, or delete the link; the store's root itself may be a link",
    )
