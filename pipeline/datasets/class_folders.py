"""Images whose class is the sub-folder that they lie in, and what a table can call them."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.folder_files import IMAGE_SUFFIXES
from pipeline.datasets.names import composed, is_name
from pipeline.datasets.records import SPLITS

SUFFIXES = (*IMAGE_SUFFIXES, ".gif", ".tif", ".tiff", ".ppm")
_SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
}
# Semicolons separate attributes in a table, and commas look as if they did.
_BETWEEN_WORDS = re.compile(r"[\s/_\-;,.]+")


@dataclass(frozen=True)
class ClassImage:
    """An image file in the folder of its class.

    Attributes:
        path: relative to the root, with forward slashes.
        folder: of the class, likewise, without a folder of its split before it.
        split: "train", "valid" or "test" where the folders say so, else None.
    """

    path: str
    folder: str
    split: str | None = None


@dataclass(frozen=True)
class ClassFolders:
    """The image files of sub-folders in path order, and the number of others by the reason they are left out."""

    images: tuple[ClassImage, ...]
    left_out: Counter[str]


def list_class_folders(root: Path) -> ClassFolders:
    """Return the images in sub-folders of a folder, at any depth; nothing is opened, and no link followed.

    Where the topmost folders are called train, valid and test, or as many programs call these, they are splits and
    no part of a class; the splits count only where all three are there.
    """
    left_out: Counter[str] = Counter()
    paths = []
    unlisted: list[OSError] = []
    for folder, names, files in os.walk(root, onerror=unlisted.append):
        names[:] = sorted(name for name in names if not name.startswith("."))
        linked = sum((Path(folder) / name).is_symlink() for name in names)
        if linked:
            left_out["links to folders"] += linked
        below = Path(folder).relative_to(root).as_posix()
        for name in sorted(files):
            reason = _reason_to_leave_out(Path(folder), name, is_top=below == ".")
            if reason is not None:
                left_out[reason] += 1
            else:
                paths.append(f"{below}/{name}")
    if unlisted:
        left_out["folders that cannot be listed"] = len(unlisted)
    return ClassFolders(tuple(_with_splits(sorted(paths))), left_out)


def table_names(texts: Iterable[str]) -> dict[str, str]:
    """Return for each distinct text a name that a table can hold, different for each: composed, on one line.

    Where two texts come out equal, the later one in sorted order gets eight digits of its own hash.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for text in sorted(set(texts)):
        name = composed("".join(letter if is_name(letter) else "_" for letter in text)).strip() or "_"
        if name in taken:
            name = f"{name} {hashlib.sha256(text.encode()).hexdigest()[:8]}"
        taken.add(name)
        names[text] = name
    return names


def attributes_of_classes(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what the names of classes say of their images: their words, numbers left out.

    Where no two classes differ in their words, each class has its whole name instead.
    """
    distinct = sorted(set(labels))
    words = {label: tuple(sorted(set(_words(label)))) for label in distinct}
    if len(set(words.values())) < 2:
        words = {label: (label.replace(";", "_"),) for label in distinct}
    return words


def _words(label: str) -> list[str]:
    parts = [part for part in _BETWEEN_WORDS.split(label) if part]
    return [part for part in parts if not part.isdigit()] or parts or [label.replace(";", "_")]


def _reason_to_leave_out(folder: Path, name: str, is_top: bool) -> str | None:
    if name.startswith("."):
        return "hidden"
    if Path(name).suffix.lower() not in SUFFIXES:
        return "no image by their suffix"
    if is_top:
        return "in no sub-folder, so of no class"
    if (folder / name).is_symlink():
        return "links"
    if any(unicodedata.category(letter) == "Cs" for letter in f"{folder}/{name}"):
        return "named in bytes that are no UTF-8"
    return None


def _with_splits(paths: list[str]) -> list[ClassImage]:
    tops = {path.split("/")[0] for path in paths}
    are_splits = tops <= _SPLIT_FOLDERS.keys() and all(path.count("/") > 1 for path in paths)
    if not are_splits:
        return [ClassImage(path, path.rpartition("/")[0]) for path in paths]
    are_whole = {_SPLIT_FOLDERS[top] for top in tops} == set(SPLITS)
    images = []
    for path in paths:
        top, _, rest = path.partition("/")
        images.append(ClassImage(path, rest.rpartition("/")[0], _SPLIT_FOLDERS[top] if are_whole else None))
    return images
