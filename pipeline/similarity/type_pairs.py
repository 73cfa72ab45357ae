"""Names of the conditions of a type-aware model: unordered pairs of item types. Needs no torch."""

from collections.abc import Sequence

import numpy as np

from pipeline.errors import BadDataset

SEPARATOR = "|"


def type_pair(one: str, other: str) -> str:
    """Return the name of an unordered pair of item types, such as "bags|shoes"; the types may be equal.

    Raises:
        BadDataset: a type's name holds the separator, so that two pairs could have one name.
    """
    if SEPARATOR in one or SEPARATOR in other:
        raise BadDataset(
            expected=f"item types without {SEPARATOR!r} in their names",
            found=f"{one!r} and {other!r}",
            where="the labels of the images",
            remedy="rename the type",
        )
    return SEPARATOR.join(sorted((one, other)))


def trained_conditions(
    types_n: Sequence[str], outfits: Sequence[np.ndarray], conditions: Sequence[str]
) -> tuple[str, ...]:
    """Return those conditions that two items of some outfit have, in their order.

    Args:
        types_n: item type of each image.
        outfits: int64 positions of each outfit's images.
        conditions: names of type pairs.

    Raises:
        BadDataset: see `type_pair`.
    """
    found = set()
    for members in outfits:
        types = sorted(types_n[position] for position in members.tolist())
        found |= {(one, other) for place, one in enumerate(types) for other in types[place + 1 :]}
    names = {type_pair(one, other) for one, other in found}
    return tuple(name for name in conditions if name in names)
