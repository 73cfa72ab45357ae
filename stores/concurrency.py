"""Several requests to an object store at once, since most of the time of each is spent waiting for an answer."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from stores.location import Location

# As many as an S3 client keeps connections.
_REQUESTS_AT_ONCE = 10

Item = TypeVar("Item")
Result = TypeVar("Result")


def at_once(place: Location, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what `work` returns for each item, in order; on a local disk one after the other.

    Raises:
        Exception: the first that `work` raises, in the order of the items.
    """
    waiting = list(items)
    if place.is_local or len(waiting) < 2:
        return [work(item) for item in waiting]
    pool = ThreadPoolExecutor(min(_REQUESTS_AT_ONCE, len(waiting)))
    try:
        return list(pool.map(work, waiting))
    finally:
        # An interruption should not wait for files that nobody asks for any more.
        pool.shutdown(cancel_futures=True)
