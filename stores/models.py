"""Model tensors as safetensors files, and opaque files, both of which notice damage."""

import json
from collections.abc import Mapping

import numpy as np

from stores.digests import digest_bytes, digest_model
from stores.errors import REPAIR_REMEDY, CorruptArtifact, SchemaMismatch
from stores.location import Location
from stores.system_errors import is_memory_shortage, unreadable

_DIGEST_KEY = "content_sha256"
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def write_tensors(location: Location, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bool:
    """Write tensors and metadata as a new safetensors file; return False when the file already exists.

    Raises:
        SchemaMismatch: when the metadata use the reserved key, or a dtype cannot be stored.
        ReadOnlyStore: when the place cannot be written.
    """
    from safetensors.numpy import save

    if _DIGEST_KEY in metadata:
        raise SchemaMismatch(
            expected=f"metadata without the reserved key {_DIGEST_KEY!r}",
            found="that key",
            where=location.url,
            remedy="use another key",
        )
    # safetensors stores the memory as it lies, so strided or byte-swapped arrays must be copied first.
    contiguous = {
        name: np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
        for name, array in tensors.items()
    }
    header = {**metadata, _DIGEST_KEY: digest_model(contiguous, metadata)}
    return location.create_bytes(save(contiguous, metadata=header))


def read_tensors(location: Location, digest: str | None = None) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the tensors, by name, and the metadata of a safetensors file, after verifying its digest.

    Args:
        location: the file.
        digest: what a record holds as the digest of tensors and metadata; it too must agree.

    Raises:
        MissingArtifact: when there is no such file.
        CorruptArtifact: when its bytes are damaged, or it holds other tensors than the record says.
        StoreError: when it, or memory for it, is not to be had.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = location.read_bytes()
    try:
        metadata = _metadata_of(data)
        tensors = load(data)
        kept = metadata.pop(_DIGEST_KEY, "")
        found = digest_model(tensors, metadata)
    except (MemoryError, SafetensorError, SchemaMismatch, *_MALFORMED) as error:
        if is_memory_shortage(error):
            raise unreadable(location.url, error) from error
        raise _corrupt(location.url, f"{type(error).__name__}: {error}") from error
    except BaseException as error:
        # What safetensors raises where its memory runs short: no Exception, and not to be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise unreadable(location.url, error) from error
    if kept != found:
        raise _corrupt(location.url, "the content does not agree with the digest in the file")
    if digest not in (None, found):
        raise _corrupt(location.url, "the content does not agree with the digest in its record")
    return tensors, metadata


def write_file(location: Location, data: bytes) -> bool:
    """Write opaque bytes as a new file; return False, writing nothing, when the file already exists.

    Raises:
        ReadOnlyStore: when the place cannot be written.
    """
    return location.create_bytes(data)


def read_file(location: Location, digest: str) -> bytes:
    """Return the bytes of a file whose sha256 must be `digest`.

    Raises:
        MissingArtifact: when there is no such file.
        CorruptArtifact: when the content has another digest.
    """
    data = location.read_bytes()
    if digest_bytes(data) != digest:
        raise _corrupt(location.url, f"{len(data)} bytes whose sha256 is not the recorded one")
    return data


def _metadata_of(data: bytes) -> dict[str, str]:
    """Return the text entries of a safetensors header: 8 bytes of length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])["__metadata__"]
    return {str(key): str(text) for key, text in entries.items()}


def _corrupt(where: str, found: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="the whole file as it was written",
        found=found[:500],
        where=where,
        remedy=REPAIR_REMEDY,
    )
