"""Pairs in both directions: each image of a pair is explained against the other."""

from collections.abc import Iterable


def chosen_directions(pairs: Iterable[tuple[str, str]], both: bool) -> list[tuple[str, str]]:
    """Return the pairs, in both directions where that is asked for, else as they are."""
    return with_both_directions(pairs) if both else list(pairs)


def with_both_directions(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs and, of each, the one the other way round; each once, sorted by query.

    A query's own references come first, in the order given; those that other queries bring follow, sorted by id, so
    that what a query has does not depend on the order of the others.

    Args:
        pairs: (query, reference), those of one query beside each other or not.
    """
    given = list(dict.fromkeys(pairs))
    added = sorted({(reference, query) for query, reference in given} - set(given))
    # Sorting keeps the order of equal queries.
    return sorted([*given, *added], key=lambda pair: pair[0])
