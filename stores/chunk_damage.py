"""Whether a stored chunk is damaged, told from its bytes alone.

A chunk is what Blosc made of the values, then a checksum of four bytes (CRC-32C, little-endian). The first 16 bytes
of Blosc's part are its header: at byte 4 the size of the values, at byte 12 its own size, both little-endian (Blosc
1, README_CHUNK_FORMAT).
"""

_CHECKSUM_BYTES = 4
_HEADER_BYTES = 16


def chunk_damage(data: bytes, values_bytes: int) -> str | None:
    """Return what is wrong with a chunk in words, or None where the bytes are whole and of the promised size.

    Args:
        data: the chunk as stored.
        values_bytes: the size of its values, uncompressed.
    """
    from google_crc32c import value as crc32c

    packed, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if len(packed) < _HEADER_BYTES:
        return f"{len(data)} bytes, which are no chunk"
    if crc32c(packed) != int.from_bytes(checksum, "little"):
        return "bytes that do not agree with their checksum"
    promised, own = (int.from_bytes(packed[start : start + 4], "little") for start in (4, 12))
    if (promised, own) != (values_bytes, len(packed)):
        return f"{len(packed)} bytes for {promised} bytes of values instead of {values_bytes}"
    return None
