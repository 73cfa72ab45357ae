"""Which type pairs a type-aware model can learn a mask for. Needs no torch."""

from collections.abc import Sequence

import numpy as np

from pipeline.datasets.outfits import condition_name


def trained_conditions(
    types_n: Sequence[str], outfits: Sequence[np.ndarray], conditions: Sequence[str]
) -> tuple[str, ...]:
    """Return those conditions that two items of some outfit have, in their order.

    Args:
        types_n: item type of each image.
        outfits: int64 positions of each outfit's images.
        conditions: names of type pairs.
    """
    found = set()
    for members in outfits:
        types = sorted(types_n[position] for position in members.tolist())
        found |= {(one, other) for place, one in enumerate(types) for other in types[place + 1 :]}
    names = {condition_name(one, other) for one, other in found}
    return tuple(name for name in conditions if name in names)
