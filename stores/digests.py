"""Names for bytes: digests of decoded values in row order, never of files, chunking or metadata.

Two artifacts with equal digests are interchangeable to everything downstream.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stores.canonical import fingerprint
from stores.errors import SchemaMismatch

if TYPE_CHECKING:
    import pyarrow as pa


def digest_array(array: np.ndarray) -> str:
    """Return the sha256 of an array's dtype, shape and C-order little-endian bytes.

    -0.0 differs from 0.0, and NaNs are equal only if their bits are; memory layout and byte order do not
    count.

    Raises:
        SchemaMismatch: when the dtype is not a boolean, integer or floating one.
    """
    if array.dtype.kind not in "biuf":
        raise SchemaMismatch(
            expected="booleans, integers or floats",
            found=f"dtype {array.dtype}",
            where="an array to be digested",
            remedy="keep text and objects in a table",
        )
    little_endian = array.dtype.newbyteorder("<")
    hasher = hashlib.sha256(f"{little_endian.str}{tuple(array.shape)}".encode())
    hasher.update(np.ascontiguousarray(array, dtype=little_endian).reshape(-1).view(np.uint8).data)
    return hasher.hexdigest()


def digest_tensors(tensors: Mapping[str, np.ndarray]) -> str:
    """Return one digest of named arrays, independent of their order in the mapping.

    Raises:
        SchemaMismatch: when a dtype is not a boolean, integer or floating one.
    """
    return combine_digests({name: digest_array(array) for name, array in tensors.items()})


def digest_model(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """Return one digest of a model's tensors and of the text that belongs to it.

    Raises:
        SchemaMismatch: when a dtype is not a boolean, integer or floating one.
    """
    return fingerprint({"tensors": digest_tensors(tensors), "metadata": dict(metadata)})


def combine_digests(digests: Mapping[str, str]) -> str:
    """Return one digest of named digests, independent of their order in the mapping."""
    return fingerprint(dict(digests))


def digest_bytes(data: bytes) -> str:
    """Return the sha256 of opaque bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_table(table: "pa.Table", volatile: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return a digest per column of the decoded values in row order, without the volatile columns.

    Independent of chunking, dictionary encoding, 32- or 64-bit offsets, what lies under nulls, and metadata.

    Raises:
        SchemaMismatch: for a column type that has no digest (maps, unions, decimals, extension types).
    """
    return {name: _digest_column(name, table.column(name)) for name in table.column_names if name not in volatile}


def _digest_column(name: str, column: Any) -> str:
    import pyarrow as pa

    hasher = hashlib.sha256()
    # An empty column has no chunks, and one of several would overflow 32-bit text offsets if merely joined.
    chunks = [_widen_offsets(chunk, name) for chunk in column.chunks]
    if len(chunks) == 1:
        joined = chunks[0]
    elif chunks:
        joined = pa.concat_arrays(chunks)
    else:
        joined = _widen_offsets(pa.nulls(0, type=column.type), name)
    _update_from_array(hasher, joined, name)
    return hasher.hexdigest()


def _widen_offsets(array: Any, name: str) -> Any:
    """Return the array with dictionaries decoded, and text and lists with 64-bit offsets."""
    return array.cast(_widened_type(array.type, name))


def _widened_type(kind: Any, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _widened_type(kind.value_type, name)
    if types.is_string(kind) or types.is_large_string(kind):
        return pa.large_string()
    if types.is_binary(kind) or types.is_large_binary(kind):
        return pa.large_binary()
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return pa.large_list(_widened_type(kind.value_type, name))
    if types.is_struct(kind):
        return pa.struct([pa.field(field.name, _widened_type(field.type, name)) for field in kind])
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind):
        return kind
    if types.is_temporal(kind) and not types.is_interval(kind):
        return kind
    raise SchemaMismatch(
        expected="numbers, text, times, or lists and structs of them",
        found=f"type {kind}",
        where=f"column {name!r}",
        remedy="store the column as one of these",
    )


def _update_from_array(hasher: Any, array: Any, name: str) -> None:
    """Feed the hasher the type, length, validity and values of an array whose offsets are 64-bit wide."""
    import pyarrow.compute as pc
    import pyarrow.types as types

    kind = array.type
    hasher.update(f"{_type_tag(kind)};{len(array)};{array.null_count};".encode())
    if types.is_null(kind):
        return
    if array.null_count:
        hasher.update(np.packbits(_numbers(array.is_valid())).tobytes())
    if types.is_struct(kind):
        valid_rows = array.drop_null()
        for position in range(kind.num_fields):
            _update_from_array(hasher, valid_rows.field(position), name)
        return
    values = array.drop_null()
    if types.is_large_list(kind):
        _update_numbers(hasher, pc.list_value_length(values))
        _update_from_array(hasher, pc.list_flatten(values), name)
    elif types.is_large_string(kind) or types.is_large_binary(kind):
        _update_numbers(hasher, pc.binary_length(values))
        _update_text(hasher, values)
    else:
        _update_numbers(hasher, values)


def _type_tag(kind: Any) -> str:
    import pyarrow.types as types

    if types.is_large_list(kind):
        return "list"
    if types.is_struct(kind):
        return "struct(" + ",".join(field.name for field in kind) + ")"
    return str(kind)


def _update_text(hasher: Any, values: Any) -> None:
    """Feed the concatenated bytes of text without nulls; a slice keeps the parent's buffers and an offset."""
    _, offsets_buffer, data_buffer = values.buffers()
    if len(values) == 0 or data_buffer is None:
        return
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)
    start, stop = int(offsets[values.offset]), int(offsets[values.offset + len(values)])
    hasher.update(memoryview(data_buffer)[start:stop])


def _update_numbers(hasher: Any, values: Any) -> None:
    numbers = _numbers(values)
    hasher.update(np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("<")).view(np.uint8).data)


def _numbers(values: Any) -> np.ndarray:
    """Return numbers, truth values or times without nulls as NumPy's numbers.

    Through DLPack, as Arrow's own conversion would load pandas, which takes a second.
    """
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    elif types.is_temporal(values.type):
        values = values.cast(pa.int64() if values.type.bit_width == 64 else pa.int32())
    return np.from_dlpack(values)
