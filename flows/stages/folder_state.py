"""One digest of all that an index of a user's folder follows from beside its table: listings, links, sizes and times.

Listing a folder and asking its files takes a tenth of the time that an index takes.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True)
class FolderState:
    """What some folders hold.

    Attributes:
        digest: sha256 of where the folders are, links followed, and of name, kind, size and time of change of
            everything in them, links followed as well.
        newest_ns: the latest time of change of a folder or of what is in it, in ns; 0 without any.
    """

    digest: str
    newest_ns: int


def folder_state(root: Path, folders: Sequence[str], follow_links_to: Sequence[Path] = ()) -> FolderState:
    """Return the state of folders below a root; a folder that is not there, or cannot be listed, has a state, too.

    Args:
        root: of the dataset.
        folders: relative to it, with forward slashes; empty: the root itself.
        follow_links_to: folders outside the root that links may lead into.
    """
    lines = [_line("place", os.path.realpath(place)) for place in (root, *follow_links_to)]
    times_ns = [0]
    for folder in sorted(set(folders)):
        path = os.path.join(root, folder)
        lines.append(_line("folder", folder, os.path.realpath(path)))
        _add_entries(path, lines, times_ns)
    # Names need not be valid Unicode.
    return FolderState(sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest(), max(times_ns))


def _add_entries(path: str, lines: list[str], times_ns: list[int]) -> None:
    """Add a line for each entry of a folder, in the order of names, and the times of change of folder and entries."""
    try:
        times_ns.append(os.stat(path).st_mtime_ns)
        with os.scandir(path) as listed:
            entries = {entry.name: entry for entry in listed}
    except OSError as error:
        lines.append(_line("not listed", str(error.errno)))
        return
    for name, entry in sorted(entries.items()):
        try:
            status = entry.stat()
        except OSError as error:  # a link that leads nowhere or in a circle
            lines.append(_line(name, "not followed", str(error.errno)))
            continue
        changed_ns = status.st_mtime_ns
        target = os.path.realpath(entry.path) if entry.is_symlink() else ""
        lines.append(f"{name}\0{status.st_mode >> 12} {status.st_size} {changed_ns}\0{target}\0\n")
        times_ns.append(changed_ns)


def _line(*fields: str) -> str:
    # No name of a file holds a zero byte.
    return "\0".join(fields) + "\0\n"
