"""Which image files a folder holds: each of its folders is listed once, files are not looked at one by one."""

import os
from pathlib import Path

from pipeline.datasets.folder_files import IMAGE_SUFFIXES, contained_path
from pipeline.errors import BadDataset


class FolderImages:
    """The files below a folder, found by listing.

    Args:
        root: the folder.

    Raises:
        BadDataset: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise BadDataset(
                expected="the folder with the images",
                found="no such folder",
                where=str(root),
                remedy="correct dataset.root (it is relative to the configuration file)",
            )
        self._root = root
        self._listings: dict[str, dict[str, bool]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}

    def named(self, path: str) -> str:
        """Return the path of a file, relative to the folder with forward slashes, after making sure it is there.

        Steps of "." are left out of it.

        Raises:
            ValueError: it is not, or leads outside; the text says what is expected.
        """
        folder, name = self._split(path)
        listing = self._listing(folder)
        if name not in listing:
            raise ValueError(f"a file that is there, relative to {self._root}, with forward slashes")
        if listing[name]:
            self._check_inside(path)
        return f"{folder}/{name}" if folder else name

    def of_id(self, image_id: str) -> str:
        """Return the path of the image whose name, with or without its suffix, is the id.

        Raises:
            ValueError: there is none, there are several, or the id leads outside; the text says what is expected.
        """
        folder, name = self._split(image_id)
        listing = self._listing(folder)
        found = [name] if name in listing else self._stems[folder].get(name, [])
        if len(found) != 1:
            suffixes = ", ".join(IMAGE_SUFFIXES)
            there = f"; there are {' and '.join(sorted(found))}" if found else ""
            unless = "" if found else "; folders in it are not searched: name the file in the column path, or in the id"
            raise ValueError(
                f"the name of one image in {self._root} (with or without {suffixes}), or a path{there}{unless}"
            )
        return self.named(f"{folder}/{found[0]}" if folder else found[0])

    def _split(self, path: str) -> tuple[str, str]:
        parts = [part for part in path.split("/") if part != "."]
        if not parts or any(part in ("", "..") for part in parts):
            raise ValueError("a path inside the dataset's folder, relative to it")
        return "/".join(parts[:-1]), parts[-1]

    def _listing(self, folder: str) -> dict[str, bool]:
        """Return the files of a folder by name, and whether each is a link."""
        if folder not in self._listings:
            self._check_inside(folder)
            found: dict[str, bool] = {}
            stems: dict[str, list[str]] = {}
            try:
                with os.scandir(self._root / folder) as entries:
                    for entry in entries:
                        # The listing itself tells a file from a folder; only links are followed.
                        if entry.is_file():
                            found[entry.name] = entry.is_symlink()
                            stem, suffix = os.path.splitext(entry.name)
                            if suffix.lower() in IMAGE_SUFFIXES:
                                stems.setdefault(stem, []).append(entry.name)
            except (OSError, ValueError):
                pass  # no such folder: it holds no file
            self._listings[folder], self._stems[folder] = found, stems
        return self._listings[folder]

    def _check_inside(self, path: str) -> None:
        try:
            contained_path(self._root, path)
        except BadDataset as error:
            raise ValueError("a path inside the dataset's folder, links followed") from error
