"""How far the ways of ranking attributes disagree on a pair."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from pipeline.explanation.variants import SHUFFLED, VARIANTS


def compared_ways(firsts: Mapping[str, npt.NDArray[np.integer]]) -> list[str]:
    """Return the ways that `disagreement` counts: no random ones, no controls, none that names one for every pair."""
    return [name for name, firsts_p in firsts.items() if _counts(name, firsts_p)]


def naming_counts(firsts: Mapping[str, npt.NDArray[np.integer]], n_pairs: int) -> npt.NDArray[np.int64]:
    """Return how many of the counted ways name an attribute for each pair, int64 (pair,); arguments as below."""
    counts_p = np.zeros(n_pairs, dtype=np.int64)
    for name in compared_ways(firsts):
        counts_p += firsts[name] >= 0
    return counts_p


def disagreement(firsts: Mapping[str, npt.NDArray[np.integer]], n_pairs: int) -> npt.NDArray[np.float64]:
    """Return the share of ways that name another attribute than most ways do, float64 (pair,), 0 to below 1.

    Random ways, controls, and ways that name one attribute for every pair are not counted. NaN where fewer than two
    ways name any.

    Args:
        firsts: by variant, integer (pair,) code of the attribute named first, -1 for none.
        n_pairs: how many pairs there are.
    """
    counted = [firsts[name] for name in compared_ways(firsts)]
    shares_p = np.full(n_pairs, np.nan)
    if len(counted) < 2:
        return shares_p
    for pair, named in enumerate(np.stack(counted, axis=1)):
        given = named[named >= 0]
        if len(given) > 1:
            shares_p[pair] = 1 - np.unique(given, return_counts=True)[1].max() / len(given)
    return shares_p


def is_method(name: str) -> bool:
    """Return whether a variant ranks attributes by something: it is no random choice and no control."""
    known = VARIANTS.get(name)
    return not name.endswith(SHUFFLED) and (known is None or known.may_answer)


def _counts(name: str, firsts_p: npt.NDArray[np.integer]) -> bool:
    return is_method(name) and (len(firsts_p) < 2 or bool((firsts_p != firsts_p[0]).any()))
