"""Which image files a folder holds: each of its folders is listed once, files are not looked at one by one."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.folder_files import IMAGE_SUFFIXES, contained_path
from pipeline.datasets.names import composed
from pipeline.errors import BadDataset


class LeadsOutside(ValueError):
    """A path that a link leads out of the folder.

    Args:
        expected: what is expected instead.
        found: the path, the link and its target.
        remedy: what can be done.
    """

    def __init__(self, expected: str, found: str, remedy: str) -> None:
        self.found, self.remedy = found, remedy
        super().__init__(expected)


class FolderImages:
    """The files below a folder, found by listing.

    Args:
        root: the folder.
        follow_links_to: folders outside it that links may lead into.

    Raises:
        BadDataset: there is no such folder.
    """

    def __init__(self, root: Path, follow_links_to: Sequence[Path] = ()) -> None:
        if not root.is_dir():
            raise BadDataset(
                expected="the folder with the images",
                found="no such folder",
                where=str(root),
                remedy="correct dataset.root (it is relative to the configuration file)",
            )
        self._root = root
        self._follow_links_to = follow_links_to
        self._real_folders: dict[str, str] = {}
        self._forms: dict[str, dict[str, list[str]]] = {}
        self._listings: dict[str, dict[str, bool]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}
        # Of each folder, what is wrong with a file or link, by name; under "" with the folder itself.
        self._unusable: dict[str, dict[str, str]] = {}

    def named(self, path: str) -> str:
        """Return the path of a file, relative to the folder with forward slashes, after making sure it is there.

        Steps of "." are left out of it, and letters with accents are in the form in which the file system has them.

        Raises:
            ValueError: it is not, or leads outside; the text says what is expected.
        """
        folder, name = self._as_stored(*self._split(path))
        stored = f"{folder}/{name}" if folder else name
        listing = self._listing(folder)
        self._refuse_unusable(folder, [name])
        if name not in listing:
            raise ValueError(f"a file that is there, relative to {self._root}, with forward slashes")
        if listing[name]:
            self._check_inside(stored)
        return stored

    def of_id(self, image_id: str) -> str:
        """Return the path of the image whose name, with or without its suffix, is the id.

        Raises:
            ValueError: there is none, there are several, or the id leads outside; the text says what is expected.
        """
        folder, name = self._as_stored(*self._split(image_id))
        listing = self._listing(folder)
        found = [name] if name in listing else self._stems[folder].get(name) or self._forms_of(folder, name)
        if not found:
            self._refuse_unusable(folder, [name, *(name + suffix for suffix in IMAGE_SUFFIXES)])
        if len(found) != 1:
            suffixes = ", ".join(IMAGE_SUFFIXES)
            there = f"; there are {' and '.join(sorted(found))}" if found else ""
            unless = "" if found else "; folders in it are not searched: name the file in the column path, or in the id"
            raise ValueError(
                f"the name of one image in {self._root} (with or without {suffixes}), or a path{there}{unless}"
            )
        return self.named(f"{folder}/{found[0]}" if folder else found[0])

    def file_of(self, path: str) -> str | None:
        """Return the file that a path as `named` returns it ends at, links followed.

        None where links lead it into one of `follow_links_to`: a cache may hold equal images once, under many names.
        """
        folder, name = self._split(path)
        if folder not in self._real_folders:
            self._real_folders[folder] = os.path.realpath(self._root / folder)
        file = os.path.join(self._real_folders[folder], name)
        if self._listings[folder][name]:
            file = os.path.realpath(file)
        caches = [os.path.realpath(cache) for cache in self._follow_links_to]
        return None if any(Path(file).is_relative_to(cache) for cache in caches) else file

    def listed_folders(self) -> tuple[str, ...]:
        """Return the folders that were listed, relative to this one, sorted; also those that are not there."""
        return tuple(sorted(self._listings))

    def _split(self, path: str) -> tuple[str, str]:
        parts = [part for part in path.split("/") if part != "."]
        if not parts or any(part in ("", "..") for part in parts):
            raise ValueError("a path inside the dataset's folder, relative to it")
        return "/".join(parts[:-1]), parts[-1]

    def _as_stored(self, folder: str, name: str) -> tuple[str, str]:
        """Return folder and name in the form, composed or decomposed, in which they are there; else as they come."""
        forms = (folder, composed(folder), unicodedata.normalize("NFD", folder))
        folder = next((form for form in dict.fromkeys(forms) if self._listing(form)), folder)
        if name not in self._listing(folder):
            same = [known for known in self._forms_of(folder, name) if composed(known) == composed(name)]
            name = same[0] if len(same) == 1 else name
        return folder, name

    def _forms_of(self, folder: str, name: str) -> list[str]:
        """Return the files of a folder whose name, with or without its suffix, is this one in some form of Unicode."""
        if name.isascii():
            return []
        if folder not in self._forms:
            forms: dict[str, list[str]] = {}
            for known in self._listing(folder):
                stem, suffix = os.path.splitext(known)
                keys = {known, stem} if suffix.lower() in IMAGE_SUFFIXES else {known}
                for key in keys:
                    forms.setdefault(composed(key), []).append(known)
            self._forms[folder] = forms
        return self._forms[folder].get(composed(name), [])

    def _listing(self, folder: str) -> dict[str, bool]:
        """Return the files of a folder by name, and whether each is a link."""
        if folder not in self._listings:
            self._check_inside(folder)
            found: dict[str, bool] = {}
            stems: dict[str, list[str]] = {}
            unusable: dict[str, str] = {}
            for entry in self._entries(folder, unusable):
                try:
                    # The listing itself tells a file from a folder; only links are followed.
                    is_file = entry.is_file()
                    is_dangling = not is_file and entry.is_symlink() and not entry.is_dir()
                except OSError as error:
                    # A link in a circle, or one into a folder that may not be looked into: it hides no other file.
                    unusable[entry.name] = error.strerror or str(error)
                    continue
                if is_file:
                    found[entry.name] = entry.is_symlink()
                    stem, suffix = os.path.splitext(entry.name)
                    if suffix.lower() in IMAGE_SUFFIXES:
                        stems.setdefault(stem, []).append(entry.name)
                elif is_dangling:
                    unusable[entry.name] = "a link that leads nowhere"
            self._listings[folder], self._stems[folder], self._unusable[folder] = found, stems, unusable
        return self._listings[folder]

    def _entries(self, folder: str, unusable: dict[str, str]) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / folder) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return []  # no such folder: it holds no file
        except OSError as error:
            unusable[""] = error.strerror or str(error)
            return []

    def _refuse_unusable(self, folder: str, names: Sequence[str]) -> None:
        for name in ("", *names):
            reason = self._unusable[folder].get(name)
            if reason is not None:
                place = self._root / folder / name
                raise ValueError(f"a file or link that can be followed; {place} is not: {reason}")

    def _check_inside(self, path: str) -> None:
        try:
            contained_path(self._root, path, self._follow_links_to)
        except BadDataset as error:
            expected = "a path inside the dataset's folder, links followed"
            raise LeadsOutside(expected, error.found, error.remedy) from error
