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


def list_class_images(root: Path, class_name: str, follow_links_to: Sequence[Path] = ()) -> list[str]:
    """Return the image files of one class in JPEGImages, in name order, relative to the root with forward slashes.

    Files whose suffix is no image's are ignored; sub-folders too.

    Raises:
        BadDataset: the class has no folder or one that cannot be listed, its name or one of its files leads outside
            the dataset, or images are links that lead nowhere; all of these are named.
    """
    folder = "JPEGImages"
    directory = contained_path(root, f"{folder}/{class_name}", follow_links_to)
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
        contained_path(root, path, follow_links_to)
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


def contained_path(root: Path, relative: str, follow_links_to: Sequence[Path] = ()) -> Path:
    """Return root / relative after making sure that it lies inside the root, links followed.

    Args:
        root: the dataset's folder.
        relative: the path, with forward slashes.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: the path is absolute, climbs out with "..", or a link on it, which is named, leads elsewhere.
    """
    joined = root / relative
    allowed = [root, *([] if ".." in relative.split("/") else follow_links_to)]
    if Path(relative).is_absolute() or not _lies_in(joined, allowed):
        link = _link_leading_out(root, relative)
        raise BadDataset(
            expected="a path inside the dataset's folder",
            found=repr(relative) if link is None else f"{relative!r}: the link {link} leads to {_target(link)}",
            where=str(root),
            remedy="data files can only name images inside their dataset: copy the image there"
            if link is None
            else "copy the image there, or name the folder that the link leads into in dataset.follow_links_to",
        )
    return joined


def _lies_in(path: Path, folders: Sequence[Path]) -> bool:
    try:
        resolved = path.resolve()
        return any(resolved.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError):  # links in a loop, names with a zero byte
        return False


def _link_leading_out(root: Path, relative: str) -> Path | None:
    """Return the first link on a path below the root that leads out of it; None where none does."""
    if "\0" in relative or ".." in relative.split("/") or relative.startswith("/"):
        return None
    steps = Path(relative).parts
    below = [root.joinpath(*steps[: n + 1]) for n in range(len(steps))]
    return next((path for path in below if path.is_symlink() and not _lies_in(path, [root])), None)


def _target(link: Path) -> str:
    """Return where a link ends, or where it points to if it ends nowhere."""
    try:
        return str(link.resolve())
    except (OSError, RuntimeError):
        return os.readlink(link)


def contained_paths(root: Path, relatives: Sequence[str], follow_links_to: Sequence[Path] = ()) -> list[str]:
    """Return root/relative for each path, all inside the root as `contained_path` has it, at a fraction of its time.

    A folder is resolved once for all its files; of the files only links are followed.

    Raises:
        BadDataset: a path is absolute, climbs out with "..", or leads out by a link.
    """
    folders: set[str] = set()
    joined = []
    for relative in relatives:
        folder, _, name = relative.rpartition("/")
        path = f"{root}/{relative}"
        if folder not in folders and not relative.startswith("/"):
            contained_path(root, folder, follow_links_to)
            folders.add(folder)
        if relative.startswith("/") or name in ("", ".", "..") or "\0" in name or os.path.islink(path):
            contained_path(root, relative, follow_links_to)
        joined.append(path)
    return joined


def is_plain_name(name: str) -> bool:
    """Return whether a name can be that of a file in a folder: no way into another one, and valid Unicode."""
    if name in ("", ".", "..") or not _FORBIDDEN.isdisjoint(name):
        return False
    return name.isascii() or name.encode("utf-8", "replace").decode() == name
