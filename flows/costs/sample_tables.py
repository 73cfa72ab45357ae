"""How many bytes a table takes, found by encoding a made-up one with the store's own writer.

Text that names few things (splits, attributes, variants) is drawn from few, digests and measurements are random:
what compresses in real tables compresses here.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from flows.stages.tables import SCHEMAS
from stores.tables import check_table, encode_table

FEW_ROWS, MANY_ROWS = 32, 1024
CURVE_POINTS = 101
# Rows that follow each other with one pair id: one per attribute, rank or background edit.
ROWS_OF_PAIR = {
    "replacements": 26,
    "embedding_effects": 26,
    "explanations": 10,
    "true_effects": 8,
    "null_effects": 6,
}
# Share of rows whose numbers are there and not null or 0: a query lacks most attributes.
FILLED_SHARE = {"replacements": 0.3}
# Rows that share a number: terms of a pair and attribute that several variants rank.
SAME_NUMBERS = {"explanations": 6, "audit_outcomes": 6, "true_effects": 1}
# Attributes of an image, items of an outfit, candidates of a question; otherwise the one image that replaces another.
LIST_LENGTHS = {"attributes": 6, "items": 5, "choices": 4, "scores": 4}
_NAMES = np.array([f"name_{number:02}" for number in range(24)])
_IDS = ("query", "reference", "image_id")


@lru_cache(maxsize=64)
def bytes_of_table(table: str, target_length: int) -> tuple[float, float]:
    """Return (bytes of an empty table, bytes a row) of a schema.

    Args:
        table: the schema's name.
        target_length: coordinates of `similarity_target`, 0 where there are none.
    """
    few, many = (_encoded(table, rows, target_length) for rows in (FEW_ROWS, MANY_ROWS))
    a_row = (many - few) / (MANY_ROWS - FEW_ROWS)
    return max(few - FEW_ROWS * a_row, 0.0), a_row


def _encoded(table: str, rows: int, target_length: int) -> int:
    rng = np.random.default_rng(0)
    columns = {field.name: _column(table, field, rows, target_length, rng) for field in SCHEMAS[table].arrow}
    return len(encode_table(check_table(SCHEMAS[table], pa.table(columns, schema=SCHEMAS[table].arrow))))


def _column(table: str, field: Any, rows: int, target_length: int, rng: np.random.Generator) -> pa.Array:
    kind = field.type
    if pa.types.is_string(kind):
        return pa.array(_texts(table, field.name, rows, rng), kind)
    if pa.types.is_boolean(kind):
        return pa.array(rng.random(rows) < 0.3)
    if pa.types.is_integer(kind):
        return pa.array(np.arange(rows) % 64)
    if pa.types.is_floating(kind):
        different = rng.random(rows // SAME_NUMBERS.get(table, 1) + 1)
        return pa.array(
            different[rng.integers(len(different), size=rows)], mask=rng.random(rows) >= FILLED_SHARE.get(table, 1.0)
        )
    return pa.array(_lists(table, field, rows, target_length, rng), kind)


def _texts(table: str, column: str, rows: int, rng: np.random.Generator) -> list[str]:
    if column.endswith("sha256"):
        return [rng.bytes(32).hex() for _ in range(rows)]
    if column == "pair_id":
        repeats = ROWS_OF_PAIR.get(table, 1)
        ids = [rng.bytes(8).hex() for _ in range(rows // repeats + 1)]
        return [ids[row // repeats] for row in range(rows)]
    if column in _IDS or column == "path":
        return [f"split-{row:06}" for row in range(rows)]
    names: list[str] = _NAMES[rng.integers(len(_NAMES), size=rows)].tolist()
    return names


def _lists(table: str, field: Any, rows: int, target_length: int, rng: np.random.Generator) -> list[Any]:
    if field.name.endswith("_curve"):
        return [rng.random(CURVE_POINTS) for _ in range(rows)]
    if field.name == "similarity_target":
        # Weights of the factors an item has: few different numbers.
        weights = rng.integers(0, 4, size=(rows, target_length)) / 4
        return [row if target_length else None for row in weights]
    filled = rng.random(rows) < FILLED_SHARE.get(table, 1.0)
    length = LIST_LENGTHS.get(field.name, 1)
    if pa.types.is_floating(field.type.value_type):
        return [rng.random(length) for _ in range(rows)]
    return [_NAMES[rng.integers(len(_NAMES), size=length)].tolist() if there else [] for there in filled]
