"""Reading of dataset folders, with errors that name the file and paths that never leave the folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import BadDataset

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_FORBIDDEN = frozenset("/\\\0\n\r")


def read_lines(path: Path) -> list[str]:
    """Return the non-blank lines of a UTF-8 text file.

    Raises:
        BadDataset: the file is missing or not UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadDataset(
            expected="a text file of the dataset",
            found="no such file" if path.parent.is_dir() else f"no folder {path.parent}",
            where=str(path),
            remedy="set dataset.root to the folder that holds this file (paths are relative to the config file)",
        ) from error
    except (UnicodeDecodeError, OSError) as error:
        raise BadDataset(
            expected="a readable UTF-8 text file",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            remedy="restore the file from the dataset's release",
        ) from error
    return [line for line in text.splitlines() if line.strip()]


def list_class_images(root: Path, class_name: str, folder: str = "JPEGImages") -> list[str]:
    """Return the image files of one class, in name order, relative to the root with forward slashes.

    Files whose suffix is no image's are ignored; sub-folders too.

    Raises:
        BadDataset: the class has no folder or one that cannot be listed, its name or one of its files leads outside
            the dataset, or images are links that lead nowhere; all of these are named.
    """
    directory = contained_path(root, f"{folder}/{class_name}")
    if not directory.is_dir():
        raise BadDataset(
            expected=f"a folder of images for class {class_name!r}",
            found="no such folder",
            where=str(directory),
            remedy="add the folder, or remove the class from its split list",
        )
    images = [entry for entry in list_folder(directory) if Path(entry.name).suffix.lower() in IMAGE_SUFFIXES]
    # A link in a circle cannot even be asked whether it is a file.
    broken = sorted(entry.name for entry in images if entry.is_symlink() and not os.path.exists(entry.path))
    if broken:
        raise BadDataset(
            expected="images, or links that lead to images",
            found=f"links that lead nowhere or in a circle: {', '.join(broken[:5])}{' ...' if len(broken) > 5 else ''}",
            where=str(directory),
            remedy="restore what they lead to, or delete them",
        )
    names = [entry.name for entry in images if entry.is_file()]
    paths = [f"{folder}/{class_name}/{name}" for name in sorted(names)]
    for path in paths:
        contained_path(root, path)
    return paths


def list_folder(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder of images, in no order.

    Raises:
        BadDataset: it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise BadDataset(
            expected="a folder of images that can be listed",
            found=error.strerror or str(error),
            where=str(folder),
            remedy="give yourself permission to read it",
        ) from error


def contained_path(root: Path, relative: str) -> Path:
    """Return root / relative after making sure that it lies inside the root, links followed.

    Raises:
        BadDataset: the path is absolute, climbs out with "..", or is a link that points outside.
    """
    joined = root / relative
    try:
        inside = joined.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a loop, names with a zero byte
        inside = False
    if Path(relative).is_absolute() or not inside:
        raise BadDataset(
            expected="a path inside the dataset's folder",
            found=repr(relative),
            where=str(root),
            remedy="data files can only name images inside their dataset: copy the image there",
        )
    return joined


def contained_paths(root: Path, relatives: Sequence[str]) -> list[str]:
    """Return root/relative for each path, all inside the root as `contained_path` has it, at a fraction of its time.

    A folder is resolved once for all its files; of the files only links are followed.

    Raises:
        BadDataset: a path is absolute, climbs out with "..", or is a link that points outside.
    """
    folders: set[str] = set()
    joined = []
    for relative in relatives:
        folder, _, name = relative.rpartition("/")
        path = f"{root}/{relative}"
        if folder not in folders and not relative.startswith("/"):
            contained_path(root, folder)
            folders.add(folder)
        if relative.startswith("/") or name in ("", ".", "..") or "\0" in name or os.path.islink(path):
            contained_path(root, relative)
        joined.append(path)
    return joined


def is_plain_name(name: str) -> bool:
    """Return whether a name can be that of a file in a folder: no way into another one, and valid Unicode."""
    if name in ("", ".", "..") or not _FORBIDDEN.isdisjoint(name):
        return False
    return name.isascii() or name.encode("utf-8", "replace").decode() == name
