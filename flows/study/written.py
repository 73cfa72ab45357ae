"""Files of a study on disk: a new folder as a whole, figures over older ones, and what is read back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.errors import BadDataset, BadSetting
from pipeline.study.design import StudyDesign, designs_of

# In the folder of a study: what is published, the key, and what the collector keeps.
PAGES: Final = "pages"
DESIGN: Final = "design.json"
ANSWERS: Final = "answers.csv"
LARGEST_FILE_BYTES: Final = 256 * 1024 * 1024


def write_new_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is new or empty.

    Args:
        folder: is made where it is not there.
        files: by path below it.

    Raises:
        BadSetting: the folder holds something, or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadSetting(
                expected="a new or empty folder: nothing is overwritten, and answers belong to one design",
                found="a file" if not folder.is_dir() else "a folder that holds files",
                where=str(folder),
                remedy="name another folder with --out",
            )
        write_files(folder, files)
    except OSError as error:
        raise unwritable(folder, error) from error


def write_files(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files below a folder, over older ones, and return their paths.

    Raises:
        BadSetting: they cannot be written.
    """
    paths = []
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            paths.append(path)
    except OSError as error:
        raise unwritable(folder, error) from error
    return paths


def read_designs(path: Path) -> tuple[StudyDesign, ...]:
    """Return the designs of a file.

    Raises:
        BadDataset: it cannot be read, or is no design.
    """
    return designs_of(_read_json(path), str(path))


def read_text(path: Path, largest_bytes: int) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        BadDataset: it cannot be read, is larger, or no UTF-8; the error names the row where it stops being.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest_bytes + 1)
    except OSError as error:
        raise _unreadable(path, "a file", error.strerror or str(error)) from error
    if len(data) > largest_bytes:
        raise _unreadable(path, f"at most {largest_bytes} bytes", "more")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise _unreadable(path, "text in UTF-8", f"other bytes in row {row}") from error


def _read_json(path: Path) -> object:
    text = read_text(path, LARGEST_FILE_BYTES)
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise _unreadable(path, "JSON", str(error)) from error
    return found


def _unreadable(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(
        expected=expected,
        found=found,
        where=str(path),
        remedy="name a file as `sane study make`, a page or the collector wrote it",
    )


def unwritable(path: Path, error: OSError) -> BadSetting:
    """Return the error for a place that cannot be written."""
    return BadSetting(
        expected="a place that can be written",
        found=error.strerror or str(error),
        where=str(path),
        remedy="name another folder",
    )
