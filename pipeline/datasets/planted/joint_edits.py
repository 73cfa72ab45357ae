"""Items with several attributes changed at once, by which the joint effect of any set of them is measured."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

from pipeline.datasets.planted.edits import Edit, attribute_edits
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.randomness import keyed_rng

# The other values of four factors make up to 135 combinations: a few of them, drawn by item, stand for all. With
# three, a factor of four values takes each of its others once.
JOINT_EDITS: Final = 3


def joint_edits(spec: PlantedSpec, image_id: str) -> tuple[Mapping[str, Edit], ...]:
    """Return `JOINT_EDITS` draws, each an edit for every attribute that the item has.

    A draw says what becomes of each attribute; a set of them is removed by its members' edits, so that sets of one
    item differ by their members alone. Over the draws a factor takes different other values in an order keyed by
    seed, item and attribute; a part is switched off in all.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    item = sample_item(spec, image_id)
    by_attribute = {}
    for attribute in item.attributes:
        edits = attribute_edits(item, attribute)
        order = keyed_rng(spec.seed, image_id, "joint edits", attribute).permutation(len(edits))
        by_attribute[attribute] = [edits[place] for place in order]
    return tuple(
        {attribute: edits[draw % len(edits)] for attribute, edits in by_attribute.items()}
        for draw in range(JOINT_EDITS)
    )


def attribute_sets(attributes: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield every set of attributes but the empty one, small ones first, in the order given."""
    given = tuple(attributes)
    for size in range(1, len(given) + 1):
        yield from combinations(given, size)


def edits_of_set(draws: Iterable[Mapping[str, Edit]], members: Iterable[str]) -> tuple[tuple[Edit, ...], ...]:
    """Return the different joint edits that remove a set: one where it holds parts alone, else as many as draws."""
    members = tuple(members)
    return tuple(dict.fromkeys(tuple(draw[member] for member in members) for draw in draws))


def edited_images(n_factors: int, n_parts: int) -> int:
    """Return how many different images the sets of an item with so many factors and parts take, the item included."""
    of_parts = 1 << n_parts
    return of_parts + JOINT_EDITS * ((1 << n_factors) - 1) * of_parts
