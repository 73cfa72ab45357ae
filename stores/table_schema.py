"""What a table promises: its columns with their types and meanings, and which of them are left out of digests.

Names are a contract with the readers; values are fractions, never per cent. Curves and other lists keep float64, so
that a figure recomputed from a stored curve equals the stored figure.
"""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

TEXT = pa.string()
FLAG = pa.bool_()
INTEGER = pa.int64()
NUMBER = pa.float64()
TEXTS = pa.list_(pa.string())
NUMBERS = pa.list_(pa.float64())
TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its name.
        kind: its type.
        meaning: what a value says, for the page of all tables.
        nullable: a row may leave it out.
        volatile: it may differ between runs with equal inputs, such as seconds, and is left out of digests.
    """

    name: str
    kind: pa.DataType
    meaning: str
    nullable: bool = False
    volatile: bool = False


@dataclass(frozen=True)
class TableSchema:
    """A table of known columns.

    Attributes:
        name: of the table, as queries ask for it.
        meaning: what a row is, for the page of all tables.
        columns: in the order in which they are stored.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @cached_property
    def arrow(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(column.name, column.kind, nullable=column.nullable) for column in self.columns])

    @cached_property
    def volatile(self) -> frozenset[str]:
        """The names of the columns that are left out of digests."""
        return frozenset(column.name for column in self.columns if column.volatile)
