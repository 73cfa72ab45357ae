"""Datasets whose images match because they were worn together: outfits, and the pairs of item types they make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.datasets.records import DatasetIndex

SEPARATOR = "|"


@dataclass(frozen=True)
class Outfit:
    """Items that somebody put together.

    Attributes:
        outfit_id: unique within the dataset.
        split: "train", "valid" or "test".
        items: image ids of the same split, each once, in the release's order.
    """

    outfit_id: str
    split: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class OutfitIndex(DatasetIndex):
    """A dataset of outfits without its pixels; a record's label is the item's type.

    An image that is in outfits of several splits has a record in each of them, and no split knows of the others.

    Attributes:
        outfits: in the release's order, training first, then validation, then test.
        type_pairs: unordered pairs of item types, each sorted, in the order that numbers their conditions.
    """

    outfits: tuple[Outfit, ...] = ()
    type_pairs: tuple[tuple[str, str], ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the type pairs, in their order: the `condition` of pairs."""
        return tuple(condition_name(first, second) for first, second in self.type_pairs)


def condition_name(first_type: str, second_type: str) -> str:
    """Return the name of an unordered pair of item types, such as "bags|shoes"."""
    return SEPARATOR.join(sorted((first_type, second_type)))


def derive_type_pairs(outfits: Iterable[Outfit], types: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the sorted pairs of types that two items of one training outfit have.

    Two items of one type in an outfit make the pair of that type with itself.

    Args:
        outfits: of all splits; those of validation and test are left aside.
        types: item type by image id.
    """
    found: set[tuple[str, str]] = set()
    seen: set[tuple[str, ...]] = set()
    for outfit in outfits:
        kinds = tuple(sorted(types[item] for item in outfit.items))
        # Outfits repeat few combinations of types: each is taken apart once.
        if outfit.split == "train" and kinds not in seen:
            seen.add(kinds)
            found |= {(a, b) for position, a in enumerate(kinds) for b in kinds[position + 1 :]}
    return tuple(sorted(found))


def outfit_positions(image_ids: Sequence[str], outfits: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """Return, for each outfit, the int64 positions of those of its items that are among the images."""
    row = {image_id: position for position, image_id in enumerate(image_ids)}
    return [np.array([row[item] for item in items if item in row], dtype=np.int64) for items in outfits]
