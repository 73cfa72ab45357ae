"""Whether images put in the query's place contradict an answer."""

import math


def contradicts(change: float, matched_change: float) -> bool | None:
    """Return whether replacing the query speaks against the attribute that answers; None where it was not replaced.

    It does where the similarity falls no further with images that lack the attribute than with images as far away that
    have it; where there are none of these, where it does not fall.

    Args:
        change: score difference with images in the query's place that lack the attribute, NaN where there are none.
        matched_change: the same less the change with images as far away that have it, likewise.
    """
    counts = change if math.isnan(matched_change) else matched_change
    return None if math.isnan(counts) else counts >= 0
