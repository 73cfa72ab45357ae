"""Lists of a release whose lines are numbers and names between spaces."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.datasets.folder_files import read_lines
from pipeline.errors import BadDataset


def read_numbered(path: Path) -> dict[int, str]:
    """Return what follows the number of each line, by number; the lines may be in any order.

    Raises:
        BadDataset: the file is missing or empty, or a line has no number of its own or nothing after it.
    """
    found: dict[int, str] = {}
    for place, line in numbered_fields(path, 2):
        number, text = line
        if not number.isdecimal() or int(number) in found:
            raise malformed_line(path, place, "a number of its own, a space, a name", " ".join(line))
        found[int(number)] = text
    if not found:
        raise malformed_line(path, 1, "a number and a name", "an empty file")
    return found


def numbered_fields(path: Path, count: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the place of each line and its fields, at least `count` of them; the last holds what is left of the line.

    Raises:
        BadDataset: the file is missing, or a line has fewer.
    """
    for place, line in enumerate(read_lines(path), start=1):
        fields = line.split(None, count - 1)
        if len(fields) < count:
            raise malformed_line(path, place, f"{count} values with spaces between them", line)
        yield place, [field.strip() for field in fields]


def malformed_line(path: Path, place: int, expected: str, found: str) -> BadDataset:
    """Return the error for one line of a list."""
    return BadDataset(
        expected=expected,
        found=repr(found[:80]),
        where=f"{path}, line {place}",
        remedy="restore the file from the release",
    )
