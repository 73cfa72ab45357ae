"""What a shard will write, part by part, before any of it exists."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ArraysSize:
    """An array part: the number of its arrays and the bytes of all their values, uncompressed."""

    arrays: int
    value_bytes: int


@dataclass(frozen=True)
class TableSize:
    """A table part: its schema's name and its rows."""

    table: str
    rows: int


@dataclass(frozen=True)
class TensorsSize:
    """A model: the number of its tensors and the bytes of all their values."""

    tensors: int
    value_bytes: int


@dataclass(frozen=True)
class FileSize:
    """A file of so many bytes; None where no formula gives them."""

    value_bytes: int | None = None


@dataclass(frozen=True)
class UnknownSize:
    """Arrays whose shape is known only when the shard is done."""


PartSize = ArraysSize | TableSize | TensorsSize | FileSize | UnknownSize


def array_bytes(itemsize: int, *shape: int) -> int:
    """Return the bytes of an array's values."""
    return itemsize * math.prod(shape)
