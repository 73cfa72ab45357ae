"""Tables of a known schema as Parquet files that notice damage.

Page checksums catch flipped values, and a digest per column, kept in the file, catches what a damaged
footer could do to the rest: a renamed column, other types, missing rows.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stores.digests import digest_table
from stores.errors import REPAIR_REMEDY, CorruptArtifact, SchemaMismatch
from stores.location import Location
from stores.system_errors import is_memory_shortage, unreadable
from stores.table_schema import TableSchema

_DIGESTS_KEY = b"column_digests"


def table_from_rows(schema: TableSchema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the rows as a table of the schema; nullable columns that a row leaves out are null.

    Raises:
        SchemaMismatch: for a key that is no column, a missing or null required value, or a value of another type.
    """
    known = set(schema.arrow.names)
    for position, row in enumerate(rows):
        unknown = sorted(set(row) - known)
        if unknown:
            raise SchemaMismatch(
                expected=f"columns {', '.join(schema.arrow.names)}",
                found=", ".join(unknown),
                where=f"row {position} of table {schema.name!r}",
                remedy="correct the name, or declare the column where the table is declared",
            )
    columns = [_column_from_rows(schema.name, field, rows) for field in schema.arrow]
    return check_table(schema, pa.Table.from_arrays(columns, schema=schema.arrow))


def _column_from_rows(name: str, field: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    values = [row.get(field.name) for row in rows]
    try:
        if pa.types.is_list(field.type) and any(isinstance(value, str) for value in values):
            # Arrow would take a text for the list of its letters.
            raise TypeError("a text where a list is needed")
        return pa.array(values, type=field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise SchemaMismatch(
            expected=f"values of type {field.type}",
            found=str(error),
            where=f"column {field.name!r} of table {name!r}",
            remedy="convert the values before making the table",
        ) from error


def check_table(schema: TableSchema, table: pa.Table) -> pa.Table:
    """Return the table with its columns in the schema's order, after checking their names, types and nulls.

    Raises:
        SchemaMismatch: names the first column at fault, what was expected and what was found.
    """
    name, arrow = schema.name, schema.arrow
    extra = [column for column in table.column_names if column not in arrow.names]
    if extra or len(set(table.column_names)) != len(table.column_names):
        raise _mismatch(name, extra[0] if extra else "(a name used twice)", "no such column", "one")
    for field in arrow:
        if field.name not in table.column_names:
            raise _mismatch(name, field.name, f"a column of type {field.type}", "none")
        column = table.column(field.name)
        if not column.type.equals(field.type):
            raise _mismatch(name, field.name, f"type {field.type}", f"type {column.type}")
        if column.null_count and not field.nullable:
            raise _mismatch(name, field.name, "a value in every row", f"{column.null_count} nulls")
    return table.select(arrow.names).cast(arrow)


def write_table(location: Location, schema: TableSchema, table: pa.Table) -> bool:
    """Write a table as a new Parquet file; return False, writing nothing, when the file already exists.

    Raises:
        SchemaMismatch: when the table does not have the columns its schema promises.
        ReadOnlyStore: when the place cannot be written.
    """
    return location.create_bytes(encode_table(check_table(schema, table)))


def read_table(
    location: Location, columns: Sequence[str] | None = None, digests: Mapping[str, str] | None = None
) -> pa.Table:
    """Return a stored table, or some of its columns, after verifying every checksum of what is returned.

    Args:
        location: the Parquet file.
        columns: the columns to read; all by default.
        digests: digests that a record holds of these columns; they too must agree.

    Raises:
        MissingArtifact: when there is no such file.
        CorruptArtifact: when its bytes are damaged, or it is another table than the record says.
        SchemaMismatch: when it has no such column.
    """
    return decode_table(location.read_bytes(), location.url, columns, digests)


def encode_table(table: pa.Table) -> bytes:
    """Return the table as Parquet bytes, with page checksums and a digest per column."""
    digests = {_DIGESTS_KEY: json.dumps(digest_table(table), sort_keys=True).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(digests), sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue().to_pybytes())


def decode_table(
    data: bytes, where: str, columns: Sequence[str] | None = None, digests: Mapping[str, str] | None = None
) -> pa.Table:
    """Return the table that Parquet bytes hold; see `read_table`.

    Raises:
        CorruptArtifact: when the bytes are damaged, or hold another table than `digests` say.
        SchemaMismatch: when there is no such column.
        StoreError: when memory runs short.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        missing = sorted(set(columns or ()) - set(file.schema_arrow.names))
        table = None if missing else file.read(columns=None if columns is None else list(columns))
        kept = json.loads(file.schema_arrow.metadata[_DIGESTS_KEY])
    # The bytes are in memory: an OSError is Arrow's word for bytes that it cannot make sense of.
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError, RecursionError) as error:
        if is_memory_shortage(error):
            raise unreadable(where, error) from error
        raise _corrupt(where, f"{type(error).__name__}: {error}") from error
    if table is None:
        raise SchemaMismatch(
            expected=f"columns {', '.join(file.schema_arrow.names)}",
            found=f"a request for {', '.join(missing)}",
            where=where,
            remedy="ask for columns that the table has",
        )
    _compare_digests(table, kept, digests or {}, where)
    # Parquet gives columns in the file's order, whatever order was asked for.
    ordered = table if columns is None else table.select(list(columns))
    return ordered.replace_schema_metadata(None)


def _compare_digests(table: pa.Table, kept: Any, recorded: Mapping[str, str], where: str) -> None:
    try:
        found = digest_table(table)
    except (SchemaMismatch, pa.ArrowException, MemoryError) as error:
        if is_memory_shortage(error):
            raise unreadable(where, error) from error
        raise _corrupt(where, str(error)) from error
    for column, digest in found.items():
        if not isinstance(kept, dict) or kept.get(column) != digest:
            raise _corrupt(where, f"column {column!r} does not agree with the digest in the file")
        if recorded.get(column, digest) != digest:
            raise _corrupt(where, f"column {column!r} does not agree with the digest in its record")


def _corrupt(where: str, found: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a whole Parquet file as it was written",
        found=found[:500],
        where=where,
        remedy=REPAIR_REMEDY,
    )


def _mismatch(table: str, column: str, expected: str, found: str) -> SchemaMismatch:
    return SchemaMismatch(
        expected=expected,
        found=found,
        where=f"column {column!r} of table {table!r}",
        remedy="correct the code that makes the table, or its schema",
    )
