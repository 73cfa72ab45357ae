"""Shards whose borders depend on their content, so that adding items reuses the shards of the others."""

import hashlib
from collections.abc import Sequence

from stores.errors import StoreError


def content_defined_shards(ids: Sequence[str], average: int = 64, largest: int | None = None) -> list[list[str]]:
    """Return the ids, sorted and split into shards, in order.

    A shard ends after an id whose sha256, read as a number, is divisible by `average`. Between two such
    ends, which no other id can move, it also ends after every `largest` ids, counted from the last
    content-defined end. So adding, removing or renaming an id changes shards only between the two
    content-defined ends around it, and the order of `ids` does not count.

    Args:
        ids: the items' ids, each once.
        average: the expected number of ids between two content-defined ends.
        largest: the most ids of one shard; 4 * average by default.

    Raises:
        StoreError: for an id given twice, or sizes below 1.
    """
    limit = 4 * average if largest is None else largest
    if average < 1 or limit < 1:
        raise StoreError(
            expected="an average and a largest shard size of at least 1",
            found=f"average {average}, largest {limit}",
            where="the shard sizes",
            remedy="choose positive sizes",
        )
    ordered = sorted(ids)
    _refuse_duplicates(ordered)
    shards: list[list[str]] = []
    current: list[str] = []
    for item_id in ordered:
        current.append(item_id)
        if ends_shard(item_id, average) or len(current) == limit:
            shards.append(current)
            current = []
    if current:
        shards.append(current)
    return shards


def ends_shard(item_id: str, average: int) -> bool:
    """Return whether a shard ends after this id whatever its neighbours are."""
    digest = hashlib.sha256(item_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest, "big") % average == 0


def _refuse_duplicates(ordered: Sequence[str]) -> None:
    for earlier, later in zip(ordered, ordered[1:], strict=False):
        if earlier == later:
            raise StoreError(
                expected="every id once",
                found=f"{later!r} twice",
                where="the ids to be split into shards",
                remedy="remove the duplicate from the list of items",
            )
