"""Pairs as rows of the table `pairs`."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from pipeline.pairs.sampling import pair_id
from stores.tables import table_from_rows


def pairs_table(split: str, pairs: Iterable[tuple[str, str, str | None]], is_match: bool = True) -> pa.Table:
    """Return the table `pairs` of (query, reference, condition or None)."""
    rows: list[dict[str, Any]] = [
        {
            "pair_id": pair_id(split, query, reference, condition or ""),
            "split": split,
            "query": query,
            "reference": reference,
            "is_match": is_match,
            "condition": condition,
            "negatives": None,
        }
        for query, reference, condition in pairs
    ]
    return table_from_rows("pairs", rows)
