"""A user's table as rows of text, from CSV or Parquet; `pipeline` knows no Parquet."""

from pathlib import Path
from typing import Any

from pipeline.datasets.folder import SEPARATOR, is_read
from pipeline.datasets.records import TableRow, UserTable
from pipeline.datasets.table_rows import check_columns, missing_table, read_csv_table
from pipeline.errors import BadDataset


def read_user_table(path: Path) -> UserTable:
    """Return the rows of a table.

    Raises:
        BadDataset: the file is missing, neither .csv nor .parquet, or malformed.
    """
    if path.suffix.lower() == ".csv":
        return read_csv_table(path)
    if path.suffix.lower() == ".parquet":
        return read_parquet_table(path)
    raise BadDataset(
        expected="a file that ends in .csv or .parquet",
        found=repr(path.name),
        where="dataset.table",
        remedy="save the table in one of these formats",
    )


def read_parquet_table(path: Path) -> UserTable:
    """Return the rows of a Parquet file: text, whole numbers and true or false as text, lists of text joined by ";".

    Columns that no dataset reads are named but not opened, so they may be of any type and size.

    Raises:
        BadDataset: the file is missing or no Parquet file, or a value, named by row and column, is of another type.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise missing_table(path)
    try:
        # Opened here, so that the path is never taken for the address of something else.
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            stored_names = parquet.schema_arrow.names
            columns = tuple(name.strip() for name in stored_names)
            check_columns(path, columns)
            table = parquet.read([name for name in stored_names if is_read(name.strip())])
    except (pa.ArrowException, OSError) as error:
        raise BadDataset(
            expected="a readable Parquet file",
            found=f"{type(error).__name__}: {error}",
            where=str(path),
            remedy="write the file again, or use CSV",
        ) from error
    read = [name.strip() for name in table.column_names]
    values = [column.to_pylist() for column in table.columns]
    rows = []
    for number, fields in enumerate(zip(*values, strict=True), start=1):
        place = f"row {number}"
        texts = {name: _text(path, place, name, value) for name, value in zip(read, fields, strict=True)}
        rows.append(TableRow(place, texts))
    return UserTable(path, columns, tuple(rows))


def _text(path: Path, place: str, column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(name, str) and SEPARATOR not in name for name in value):
        return SEPARATOR.join(value)
    if isinstance(value, float) and value in (0.0, 1.0):
        return str(int(value))  # flags with gaps become numbers with a fraction in many programs
    raise BadDataset(
        expected=f"text, a whole number, true or false, or a list of text without {SEPARATOR!r}",
        found=repr(value)[:120],
        where=f"{path}, {place}, column {column!r}",
        remedy="convert the column; docs/own-dataset.md describes them",
    )
