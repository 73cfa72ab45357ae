"""Writing a part into a shard's folder, and reading back what its record describes."""

import secrets
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from stores.array_metadata import digest_metadata, metadata_problems
from stores.arrays import ArrayRecord, read_arrays, write_arrays
from stores.digests import digest_bytes
from stores.errors import REPAIR_REMEDY, CorruptArtifact, SchemaMismatch, StoreError, UnreachableStore
from stores.location import Location
from stores.models import read_file, read_tensors, write_file, write_tensors
from stores.part_records import PartKind, PartRecord
from stores.parts import ArraysPart, Part, TablePart, TensorsPart, digest_members, digest_part
from stores.system_errors import unreadable
from stores.tables import check_table, decode_table, encode_table


def write_payload(folder: Location, name: str, part: Part) -> PartRecord:
    """Write one part below a shard's folder, under a name that holds its digest, and return its record.

    The name also holds some random digits: what a killed writer left behind is never trusted or touched,
    and two writers of one shard never meet in one file.

    Raises:
        SchemaMismatch: when the part cannot be stored as its kind.
        ReadOnlyStore: when the place cannot be written.
    """
    if isinstance(part, TablePart):
        part = TablePart(part.schema, check_table(part.schema, part.table))
    digest = digest_part(part)
    kind, ending = _kind_and_ending(part)
    file = f"{name}-{digest[:16]}-{secrets.token_hex(4)}{ending}"
    detail = _write(folder.child(file), part)
    return PartRecord(name, kind, file, digest, detail)


def _kind_and_ending(part: Part) -> tuple[PartKind, str]:
    if isinstance(part, ArraysPart):
        return "arrays", ".zarr"
    if isinstance(part, TablePart):
        return "table", ".parquet"
    if isinstance(part, TensorsPart):
        return "tensors", ".safetensors"
    return "file", PurePosixPath(part.file_name).suffix


def _write(place: Location, part: Part) -> dict[str, Any]:
    if isinstance(part, ArraysPart):
        details = write_arrays(place, part.arrays, part.axes, part.units)
        columns = {"shapes": "shape", "dtypes": "dtype", "axes": "axes", "units": "unit", "digests": "digest"}
        by_kind = {key: {name: detail[field] for name, detail in details.items()} for key, field in columns.items()}
        return {**by_kind, "metadata_digests": digest_metadata(place, part.arrays)}
    if isinstance(part, TablePart):
        data = encode_table(part.table)
        write_file(place, data)
        return {
            "table": part.schema.name,
            "rows": part.table.num_rows,
            "column_digests": digest_members(part),
            "file_sha256": digest_bytes(data),
        }
    if isinstance(part, TensorsPart):
        write_tensors(place, part.tensors, part.metadata)
        return {
            "shapes": {name: list(tensor.shape) for name, tensor in part.tensors.items()},
            "dtypes": {name: tensor.dtype.name for name, tensor in part.tensors.items()},
            "digests": digest_members(part),
        }
    write_file(place, part.data)
    return {"file_name": part.file_name, "size_bytes": len(part.data)}


def read_payload(folder: Location, record: PartRecord, names: Sequence[str] | None = None) -> Any:
    """Return a part as its kind: arrays by name, a table, (tensors, metadata), or bytes.

    `names` are the arrays or columns to read, all by default.

    Raises:
        MissingArtifact: when its files are gone.
        CorruptArtifact: when they are damaged.
        SchemaMismatch: when the part has no such array or column.
    """
    if record.kind == "arrays":
        return read_arrays_payload(folder, record, names)
    if record.kind == "table":
        return read_table_payload(folder, record, names)
    if record.kind == "tensors":
        return read_tensors_payload(folder, record)
    return read_file_payload(folder, record)


def read_arrays_payload(
    folder: Location, record: PartRecord, names: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """Return the arrays of a part, or some of them, verified against its record.

    Raises:
        SchemaMismatch: when the part holds no arrays, or no such array.
        MissingArtifact: when its folder is gone.
        CorruptArtifact: when it is damaged.
    """
    _require_kind(record, "arrays")
    shapes, dtypes = record.detail["shapes"], record.detail["dtypes"]
    records = {
        name: ArrayRecord(tuple(shapes[name]), dtypes[name], digest)
        for name, digest in record.detail["digests"].items()
    }
    wanted = list(records) if names is None else list(names)
    return read_arrays(folder.child(record.file), wanted, records)


def read_table_payload(folder: Location, record: PartRecord, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the table of a part, or some of its columns, verified against its record.

    Raises:
        SchemaMismatch: when the part holds no table, or it has no such column.
        MissingArtifact: when its file is gone.
        CorruptArtifact: when it is damaged.
        StoreError: when it could not be read for another reason.
    """
    _require_kind(record, "table")
    place = folder.child(record.file)
    # Over the whole file: readers other than ours also use its statistics, which no column digest covers.
    data = read_file(place, record.detail["file_sha256"])
    try:
        table = decode_table(data, place.url, columns, record.detail["column_digests"])
    except CorruptArtifact as error:
        if error.__cause__ is None:
            raise
        # These are the bytes that were written, so whatever Arrow has against them is no damage.
        raise unreadable(place.url, error.__cause__) from error
    lost = [] if columns is not None else sorted(set(record.detail["column_digests"]) - set(table.column_names))
    if lost or table.num_rows != record.detail["rows"]:
        raise CorruptArtifact(
            expected=f"{record.detail['rows']} rows of the recorded columns",
            found=f"{table.num_rows} rows, columns {', '.join(table.column_names)}",
            where=place.url,
            remedy=REPAIR_REMEDY,
        )
    return table


def read_tensors_payload(folder: Location, record: PartRecord) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the tensors and metadata of a part, verified against its record.

    Raises:
        SchemaMismatch: when the part holds no tensors.
        MissingArtifact: when its file is gone.
        CorruptArtifact: when it is damaged.
    """
    _require_kind(record, "tensors")
    return read_tensors(folder.child(record.file), record.digest)


def read_file_payload(folder: Location, record: PartRecord) -> bytes:
    """Return the bytes of a part, verified against its record.

    Raises:
        SchemaMismatch: when the part is no opaque file.
        MissingArtifact: when its file is gone.
        CorruptArtifact: when it is damaged.
    """
    _require_kind(record, "file")
    return read_file(folder.child(record.file), record.digest)


def verify_payload(folder: Location, record: PartRecord) -> list[StoreError]:
    """Return what is wrong with a part: one error for each file at fault, as far as they can be told apart."""
    if record.kind != "arrays":
        return _errors_of_reading(folder, record, None)
    group = folder.child(record.file)
    if not group.file_sizes_bytes():
        return _errors_of_reading(folder, record, None)
    # Parts written before these digests were kept have none; their values are verified all the same.
    problems = metadata_problems(group, record.detail.get("metadata_digests", {}))
    found = {error.where: error for error in problems.values()}
    if "zarr.json" not in problems:
        for name in sorted(record.detail["digests"]):
            if f"{name}/zarr.json" not in problems:
                # By file: an empty one is noticed whichever array is read.
                found |= {error.where: error for error in _errors_of_reading(folder, record, [name])}
    return list(found.values())


def _errors_of_reading(folder: Location, record: PartRecord, names: Sequence[str] | None) -> list[StoreError]:
    try:
        read_payload(folder, record, names)
    except UnreachableStore:
        raise
    except StoreError as error:
        return [error]
    except MemoryError as error:
        return [unreadable(folder.child(record.file).url, error)]
    return []


def _require_kind(record: PartRecord, kind: PartKind) -> None:
    if record.kind != kind:
        raise SchemaMismatch(
            expected=f"a part of kind {kind!r}",
            found=f"kind {record.kind!r}",
            where=f"part {record.name!r}",
            remedy="read it with the function for its kind",
        )
