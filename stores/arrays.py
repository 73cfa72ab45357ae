"""Named arrays as one Zarr v3 group that notices damage.

Zarr reads a missing chunk or an empty file as the fill value, without a word. So every chunk is written, even
one that holds nothing but the fill value, and before reading all are counted and weighed; checksums after the
compressor catch flipped bytes, and a digest of each array's values catches damage to the rest.
Damage is only what was read whole and is not what was written, or is missing. What could not be read, for want of
permission or of memory, raises a StoreError that is no CorruptArtifact.
Zarr takes over a second to import and is imported only when arrays are read or written.

Zarr itself works on a local folder or in memory. To and from an object store whole files travel beside it: fewer
requests, one client, and a connection that breaks is never mistaken for damage.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stores.chunk_damage import chunk_damage
from stores.concurrency import at_once
from stores.digests import digest_array
from stores.errors import REPAIR_REMEDY, CorruptArtifact, MissingArtifact, SchemaMismatch, StoreError
from stores.location import Location
from stores.system_errors import explain_write_errors, is_memory_shortage, unreadable

_LARGEST_CHUNK_BYTES = 64 * 2**20
_LARGEST_BLOSC_BYTES = 2**31 - 1
_DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")


def write_arrays(
    location: Location,
    arrays: Mapping[str, np.ndarray],
    axes: Mapping[str, tuple[str, ...]],
    units: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """Write a new Zarr group with one array per name, and return what a record should say of each.

    A chunk holds whole rows of axis 0, up to 64 MiB, so that even thousands of maps are a few files. The
    folder must be new, and one writer's own.

    Args:
        location: the group's folder.
        arrays: each array by its name; bool, uint8, int32, int64, float16, float32 or float64.
        axes: the names of each array's axes, in order.
        units: the unit of the values, of the arrays that have one.

    Returns:
        For each array its shape, dtype, axes, unit ("" for none) and digest.

    Raises:
        SchemaMismatch: for another dtype, axes that do not fit, or a row of 2 GiB.
        StoreError: for a name that is no plain file name.
        ReadOnlyStore: when the place cannot be written.
    """
    import zarr

    for name in arrays:
        location.child(name)
    details = {name: _describe(name, array, axes, units) for name, array in arrays.items()}
    in_memory: dict[str, Any] = {}
    with explain_write_errors(location.url):
        group = zarr.create_group(store=_zarr_store(location, in_memory, read_only=False), zarr_format=3)
        for name, array in arrays.items():
            _write_one(group, name, array, details[name])
    at_once(location, lambda path: _below(location, path).replace_bytes(in_memory[path].to_bytes()), in_memory)
    location.flush_to_disk()
    return details


@dataclass(frozen=True)
class ArrayRecord:
    """What a record says of an array; it is believed over the array's own files.

    Attributes:
        shape: lengths of the axes.
        dtype: name of the values' type.
        digest: of the values.
    """

    shape: tuple[int, ...]
    dtype: str
    digest: str


def read_arrays(
    location: Location, names: Sequence[str] | None = None, records: Mapping[str, ArrayRecord] | None = None
) -> dict[str, np.ndarray]:
    """Return arrays of a Zarr group whole, after verifying that every chunk is there and undamaged.

    Args:
        location: the group's folder.
        names: the arrays to read; all by default.
        records: what a record says of these arrays; shape and dtype must agree before memory is taken for the values.

    Raises:
        MissingArtifact: when there is no such group.
        CorruptArtifact: names the file that is missing, empty or damaged.
        SchemaMismatch: when the group has no such array.
        StoreError: when a file, or memory for the values, is not to be had.
    """
    known = records or {}
    sizes = location.file_sizes_bytes()
    if not sizes:
        raise MissingArtifact(
            expected="a Zarr group",
            found="none",
            where=location.url,
            remedy=REPAIR_REMEDY,
        )
    _refuse_empty_files(location, sizes)
    group = _open_group(location, _fetch(location, sizes, names))
    present = sorted(path.split("/")[0] for path in sizes if path.endswith("/zarr.json"))
    wanted = present if names is None else list(names)
    for name in wanted:
        if name not in present and name in known:
            raise _corrupt(location.child(name, "zarr.json"), "no such file")
        if name not in present:
            raise SchemaMismatch(
                expected=f"one of {', '.join(present)}",
                found=f"a request for {name!r}",
                where=location.url,
                remedy="ask for an array that the group has",
            )
    return {name: _read_one(location, group, name, sizes, known.get(name)) for name in wanted}


def _describe(
    name: str, array: np.ndarray, axes: Mapping[str, tuple[str, ...]], units: Mapping[str, str]
) -> dict[str, Any]:
    own_axes = axes.get(name, ())
    if array.dtype.name not in _DTYPES:
        raise _misfit(name, f"one of {', '.join(_DTYPES)}", f"dtype {array.dtype}")
    if len(own_axes) != array.ndim or len(set(own_axes)) != len(own_axes):
        raise _misfit(name, f"{array.ndim} different axis names", f"{own_axes!r}")
    if _row_bytes(array) >= _LARGEST_BLOSC_BYTES:
        raise _misfit(name, "rows below 2 GiB", f"{_row_bytes(array)} bytes a row of axis 0")
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "axes": list(own_axes),
        "unit": units.get(name, ""),
        "digest": digest_array(array),
    }


def _row_bytes(array: np.ndarray) -> int:
    return max(1, math.prod(array.shape[1:]) * array.dtype.itemsize)


def _write_one(group: Any, name: str, array: np.ndarray, detail: Mapping[str, Any]) -> None:
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec

    rows = max(1, min(array.shape[0] if array.ndim else 1, _LARGEST_CHUNK_BYTES // _row_bytes(array)))
    stored = group.create_array(
        name,
        shape=array.shape,
        dtype=array.dtype.newbyteorder("="),
        chunks=tuple(rows if axis == 0 else max(1, length) for axis, length in enumerate(array.shape)),
        serializer=BytesCodec(),
        compressors=[BloscCodec(cname="zstd", clevel=5, shuffle="shuffle"), Crc32cCodec()],
        fill_value=np.nan if array.dtype.kind == "f" else 0,
        dimension_names=detail["axes"],
        attributes={"unit": detail["unit"], "content_sha256": detail["digest"]},
        config={"write_empty_chunks": True},
    )
    stored[...] = array


def _zarr_store(location: Location, in_memory: dict[str, Any], read_only: bool) -> Any:
    from zarr.storage import LocalStore, MemoryStore

    if location.is_local:
        return LocalStore(location.path, read_only=read_only)
    return MemoryStore(in_memory, read_only=read_only)


def _fetch(location: Location, sizes: Mapping[str, int], names: Sequence[str] | None) -> dict[str, Any]:
    """Return the files that these arrays need, by path, in Zarr's form; none for a local folder."""
    if location.is_local:
        return {}
    from zarr.buffer.cpu import Buffer

    needed = [path for path in sizes if names is None or "/" not in path or path.split("/")[0] in names]
    contents = at_once(location, lambda path: _below(location, path).read_bytes(), needed)
    return {path: Buffer.from_bytes(data) for path, data in zip(needed, contents, strict=True)}


def _below(location: Location, path: str) -> Location:
    return location.child(*path.split("/"))


def _open_group(location: Location, in_memory: dict[str, Any]) -> Any:
    import zarr

    try:
        return zarr.open_group(store=_zarr_store(location, in_memory, read_only=True), mode="r", zarr_format=3)
    except Exception as error:  # Zarr promises no common error class for damaged metadata.
        raise _metadata_error(location.child("zarr.json"), error) from error


def _read_one(
    location: Location, group: Any, name: str, sizes: Mapping[str, int], record: ArrayRecord | None
) -> np.ndarray:
    folder = location.child(name)
    metadata = folder.child("zarr.json")
    try:
        stored = group[name]
        found = (tuple(stored.shape), stored.dtype.name)
        first_missing = next((path for path in _chunk_paths(name, stored) if path not in sizes), None)
    except Exception as error:  # As above: damaged metadata fail in many ways.
        raise _metadata_error(metadata, error) from error
    # A shape that nobody wrote must not take memory, however much it promises.
    if record is not None and found != (record.shape, record.dtype):
        raise _corrupt(metadata, f"shape {found[0]}, dtype {found[1]}; in the record {record.shape}, {record.dtype}")
    if first_missing is not None:
        raise _corrupt(_below(location, first_missing), "no such file: a chunk is missing")
    try:
        values = np.asarray(stored[...])
        digest = digest_array(values)
    except Exception as error:  # Codecs raise errors of their own kinds.
        raise _decoding_error(location, name, stored, error) from error
    if digest != stored.attrs.get("content_sha256") or (record is not None and record.digest != digest):
        raise _corrupt(folder, "values that do not agree with their digest")
    return values


def _metadata_error(metadata: Location, error: Exception) -> StoreError:
    """Return damage only where the file could be read: Zarr was given its bytes and would not have them."""
    # Zarr's own word for metadata that are not there is a FileNotFoundError.
    if is_memory_shortage(error) or (isinstance(error, OSError) and not isinstance(error, FileNotFoundError)):
        return unreadable(metadata.url, error)
    try:
        metadata.read_bytes()
    except MissingArtifact:
        return _corrupt(metadata, "no such file")
    return _corrupt(metadata, f"{type(error).__name__}: {error}")


def _decoding_error(location: Location, name: str, stored: Any, error: Exception) -> StoreError:
    """Return damage only where a chunk proves it; whatever else keeps values from being decoded is no damage."""
    folder = location.child(name)
    if isinstance(error, OSError) or is_memory_shortage(error):
        return unreadable(folder.url, error)
    chunk_bytes = math.prod(stored.chunks) * stored.dtype.itemsize
    for path in _chunk_paths(name, stored):
        place = _below(location, path)
        damage = chunk_damage(place.read_bytes(), chunk_bytes)
        if damage is not None:
            return _corrupt(place, damage)
    return unreadable(folder.url, error)


def _chunk_paths(name: str, stored: Any) -> Iterator[str]:
    """Give the path of every chunk that an array must have, below the group's folder."""
    counts = [math.ceil(length / chunk) for length, chunk in zip(stored.shape, stored.chunks, strict=True)]
    # Only axis 0 is ever cut; ranges stay lazy, for damaged metadata may promise any number of chunks.
    for first in range(counts[0]) if counts else ():
        for rest in itertools.product(*map(range, counts[1:])):
            yield "/".join((name, "c", *map(str, (first, *rest))))
    if not counts:
        yield f"{name}/c"


def _refuse_empty_files(location: Location, sizes: Mapping[str, int]) -> None:
    for path, size in sizes.items():
        if size == 0:
            raise _corrupt(_below(location, path), "an empty file")


def _misfit(name: str, expected: str, found: str) -> SchemaMismatch:
    return SchemaMismatch(
        expected=expected,
        found=found,
        where=f"array {name!r}",
        remedy="correct the code that makes the array",
    )


def _corrupt(place: Location, found: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a whole Zarr array as it was written",
        found=found[:500],
        where=place.url,
        remedy=REPAIR_REMEDY,
    )
