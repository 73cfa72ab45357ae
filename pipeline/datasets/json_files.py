"""Reading of JSON files of datasets, with errors that name the file and the place in it."""

import json
from pathlib import Path
from typing import Any

from pipeline.errors import BadDataset


class _RepeatedKey(ValueError):
    """One object of the file has a key twice."""


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        BadDataset: the file is missing, empty, not UTF-8, breaks off, is malformed, or has a key twice.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repeats)
    except FileNotFoundError as error:
        raise BadDataset(
            expected="a JSON file of the dataset",
            found="no such file" if path.parent.is_dir() else f"no folder {path.parent}",
            where=str(path),
            remedy="set dataset.root to the folder of the release (paths are relative to the configuration file)",
        ) from error
    except json.JSONDecodeError as error:
        found = f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise _malformed(path, "an empty file" if not error.doc.strip() else found) from error
    except (_RepeatedKey, UnicodeDecodeError, RecursionError, OSError) as error:
        found = str(error) if isinstance(error, _RepeatedKey) else f"{type(error).__name__}: {error}"
        raise _malformed(path, found) from error


def bad_entry(path: Path, entry: str, expected: str, found: object) -> BadDataset:
    """Return the error for one wrong entry of a file that is JSON as such."""
    text = repr(found)
    return BadDataset(
        expected=expected,
        found=text if len(text) <= 120 else text[:120] + " ...",
        where=f"{path}, {entry}",
        remedy="correct the entry, or restore the file from the release",
    )


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for position, name in enumerate(names) if name in names[:position])
        raise _RepeatedKey(f"the key {repeated!r} twice in one object")
    return made


def _malformed(path: Path, found: str) -> BadDataset:
    return BadDataset(
        expected="a readable JSON file in UTF-8",
        found=found,
        where=str(path),
        remedy="restore the file from the release",
    )
