"""Pairs as rows of the table `pairs`."""

from collections.abc import Iterable
from typing import Any

from pipeline.pairs.sampling import pair_id


def pair_rows(split: str, pairs: Iterable[tuple[str, str, str | None]], is_match: bool = True) -> list[dict[str, Any]]:
    """Return rows of the table `pairs`, of (query, reference, condition or None)."""
    return [
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
