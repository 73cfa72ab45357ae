"""Which items match because they were put together, for `sample_pairs`."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.datasets.outfits import condition_name


def outfit_matches(
    image_ids: Sequence[str],
    types: Sequence[str],
    outfits: Iterable[Sequence[str]],
    conditions: Collection[str],
) -> Callable[[int], npt.NDArray[np.bool_]]:
    """Return what gives, for the position of a query, bool (image): the items of its outfits.

    Only pairs of types that are among the conditions match: for others a type-aware model has no mask, and all
    models are explained on the same pairs. Items that are not among the images (unreadable ones) are passed over.

    Args:
        image_ids: of the split's images.
        types: item type of each image.
        outfits: the item ids of each of the split's outfits.
        conditions: names of the known type pairs.

    Source: v1 4: items of one outfit match. The outfits of an item that is in several all count (decided).
    """
    position = {image_id: row for row, image_id in enumerate(image_ids)}
    known = frozenset(conditions)
    mates: dict[int, set[int]] = defaultdict(set)
    for outfit in outfits:
        worn = [position[item] for item in outfit if item in position]
        for query in worn:
            mates[query].update(worn)

    def matches(query: int) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(image_ids), dtype=np.bool_)
        for mate in mates.get(query, ()):
            found[mate] = mate != query and condition_name(types[query], types[mate]) in known
        return found

    return matches
