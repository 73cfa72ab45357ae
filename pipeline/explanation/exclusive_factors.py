"""Which attributes are values of one factor: as the dataset declares it, or as names and labels say."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting

INDEPENDENT: Final = -1
SEPARATOR: Final = ":"


def exclusive_factors(
    attribute_names: Sequence[str], declared: Sequence[int], labels_na: npt.NDArray[np.bool_]
) -> list[int]:
    """Return one integer per attribute: the same for the values of one factor, -1 for independent ones.

    Declared factors stay. Of the other attributes those are values of one factor whose names are alike up to the
    first colon, such as `usage:Casual` and `usage:Sports`, if no image has two of them.

    Raises:
        BadSetting: names, declared factors and labels are of different attributes.
    """
    if not len(attribute_names) == len(declared) == labels_na.shape[1]:
        raise BadSetting(
            expected="a name, a factor and a column of labels for each attribute",
            found=f"{len(attribute_names)} names, {len(declared)} factors, {labels_na.shape[1]} columns",
            where="factors of attributes",
            remedy="pass the vocabulary that the labels belong to",
        )
    factors = list(declared)
    by_prefix: dict[str, list[int]] = {}
    for position, name in enumerate(attribute_names):
        if factors[position] == INDEPENDENT and SEPARATOR in name:
            by_prefix.setdefault(name.split(SEPARATOR)[0], []).append(position)
    following = max(factors, default=INDEPENDENT) + 1
    for members in by_prefix.values():
        if len(members) > 1 and int(labels_na[:, members].sum(axis=1).max(initial=0)) <= 1:
            for position in members:
                factors[position] = following
            following += 1
    return factors
