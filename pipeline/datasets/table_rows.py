"""Rows of a user's table with the place of each, so that messages can point at it; CSV is read here."""

import csv
from collections.abc import Iterator
from pathlib import Path

from pipeline.datasets.records import TableRow, UserTable
from pipeline.errors import BadDataset


def read_csv_table(path: Path) -> UserTable:
    """Return the rows of a CSV file: UTF-8, commas, a header, quotes doubled within quotes.

    Raises:
        BadDataset: the file is missing, empty, not UTF-8 or malformed, the header names a column twice or not at
            all, or a row has more or fewer fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            columns = tuple(name.strip() for name in header)
            if len(columns) == 1 and {";", "\t"} & set(columns[0]):
                found = f"{columns[0][:80]!r}: other separators than commas"
                raise _malformed(path, "the header (line 1)", found, "save the table with commas between the fields")
            check_columns(path, columns)
            rows = tuple(_rows(path, reader, columns))
    except FileNotFoundError as error:
        raise missing_table(path) from error
    except csv.Error as error:
        raise _malformed(path, f"line {reader.line_num}", str(error)) from error
    except UnicodeDecodeError as error:
        found = f"a byte that is not UTF-8 (0x{error.object[error.start]:02x})"
        remedy = "save the table as UTF-8; spreadsheets call it 'CSV UTF-8'"
        raise _malformed(path, _first_line_not_utf8(path), found, remedy) from error
    except OSError as error:
        raise _malformed(path, "the whole file", f"{type(error).__name__}: {error}") from error
    return UserTable(path, columns, rows)


def check_columns(path: Path, columns: tuple[str, ...]) -> None:
    """Refuse a header without names, or with one of them twice; the first column alone may have none.

    Programs that write an index beside the rows leave its name empty.

    Raises:
        BadDataset: it is so.
    """
    if not any(columns):
        raise _malformed(path, "the header (line 1)", "no column names")
    if "" in columns[1:]:
        raise _malformed(path, "the header (line 1)", f"column {columns.index('', 1) + 1} has no name")
    repeated = [name for position, name in enumerate(columns) if name in columns[:position]]
    if repeated:
        raise _malformed(path, "the header (line 1)", f"the column {repeated[0]!r} twice")


def missing_table(path: Path) -> BadDataset:
    """Return the error for a table that is not there."""
    return BadDataset(
        expected="the table of the dataset",
        found="no such file",
        where=str(path),
        remedy="correct dataset.table (it is relative to the configuration file)",
    )


def _first_line_not_utf8(path: Path) -> str:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            return f"line {number}, after {line[: error.start].decode('utf-8')[-30:]!r}"
    return "the whole file"


def _rows(path: Path, reader: Iterator[list[str]], columns: tuple[str, ...]) -> Iterator[TableRow]:
    number = 0
    for fields in reader:
        if not any(field.strip() for field in fields):
            continue  # blank lines, as editors leave them at the end
        number += 1
        place = f"row {number} (line {getattr(reader, 'line_num', 0)})"
        if len(fields) != len(columns):
            raise _malformed(path, place, f"{len(fields)} fields where the header has {len(columns)} columns")
        yield TableRow(place, {name: field.strip() for name, field in zip(columns, fields, strict=True)})


def _malformed(
    path: Path,
    place: str,
    found: str,
    remedy: str = 'correct the file; put fields that hold commas or line breaks in "double quotes"',
) -> BadDataset:
    return BadDataset(
        expected="a CSV file in UTF-8: a header with distinct names, fields separated by commas, equally many a row",
        found=found,
        where=f"{path}, {place}",
        remedy=remedy,
    )
