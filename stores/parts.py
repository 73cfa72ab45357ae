"""What a shard can hold: arrays, a table, tensors, or one file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stores.digests import combine_digests, digest_array, digest_bytes, digest_model, digest_table
from stores.table_schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ArraysPart:
    """Named arrays, kept as one Zarr group.

    Args:
        arrays: each array by its name.
        axes: for each array, the names of its axes in order, such as ("query", "reference_slot", "y", "x").
        units: for each array that has one, the unit of its values.
    """

    arrays: Mapping[str, np.ndarray]
    axes: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TablePart:
    """A table of a known schema, kept as Parquet.

    Args:
        schema: what the table promises.
        table: its rows.
    """

    schema: TableSchema
    table: "pa.Table"


@dataclass(frozen=True)
class TensorsPart:
    """A model's tensors, kept as safetensors.

    Args:
        tensors: each tensor by its name.
        metadata: text that belongs to the model, such as its network's name. It is content and enters the
            digest; say who made it when and where in the commit's provenance instead.
    """

    tensors: Mapping[str, np.ndarray]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FilePart:
    """Opaque bytes, such as a report or a picture.

    Args:
        file_name: gives the stored file its ending.
        data: the content.
    """

    file_name: str
    data: bytes


Part: TypeAlias = ArraysPart | TablePart | TensorsPart | FilePart


def digest_part(part: Part) -> str:
    """Return the digest of a part's decoded values, independent of how they will be stored.

    Raises:
        SchemaMismatch: for a dtype or column type that has no digest.
    """
    if isinstance(part, FilePart):
        return digest_bytes(part.data)
    if isinstance(part, TensorsPart):
        return digest_model(part.tensors, part.metadata)
    return combine_digests(digest_members(part))


def digest_members(part: ArraysPart | TablePart | TensorsPart) -> dict[str, str]:
    """Return the digest of each array, tensor or column of a part, without volatile columns.

    Raises:
        SchemaMismatch: for a dtype or column type that has no digest.
    """
    if isinstance(part, TablePart):
        return digest_table(part.table, part.schema.volatile)
    members = part.arrays if isinstance(part, ArraysPart) else part.tensors
    return {name: digest_array(array) for name, array in members.items()}
