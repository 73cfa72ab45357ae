"""Planted items as attribute values, each drawn from its own id: adding items keeps the earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pipeline.datasets.planted.cameras import camera_of, identity_states, view_of, with_ground
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import (
    FACTORS,
    PARTS,
    PARTS_OF_TYPE,
    TYPES,
    attribute_names,
    part_attribute,
    value_attribute,
)
from pipeline.datasets.records import SPLITS
from pipeline.errors import BadDataset
from pipeline.randomness import keyed_rng

# What each distractor copies in correlated splits. Every type that can have a distractor part can have
# its leader, so that the correlation holds within types.
DISTRACTOR_LEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "background": "body_colour",
        "collar": "pattern",
        "buttons": "trim_colour",
        "sole": "emblem",
        "brim": "emblem",
        "pompom": "strap",
    }
)

# The split whose attributes are drawn independently of each other.
INDEPENDENT_SPLIT = "test"


@dataclass(frozen=True)
class Item:
    """One item without its nuisances.

    Attributes:
        image_id: split and number, for example "train_00012".
        split: "train", "valid" or "test".
        item_type: one of TYPES.
        values: the item's value of each factor, in the order of FACTORS.
        parts: the parts it has, in vocabulary order, all of them possible for the type.
        class_name: the class near which it was drawn, such as "class_007", or the item that cameras see, such as
            "identity_test_00003"; None where items have no classes.
    """

    image_id: str
    split: str
    item_type: str
    values: tuple[str, ...]
    parts: tuple[str, ...]
    class_name: str | None = None

    def value_of(self, factor: str) -> str:
        """Return the item's value of a factor."""
        return self.values[tuple(FACTORS).index(factor)]

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that are present, in vocabulary order."""
        return (
            *(value_attribute(factor, value) for factor, value in zip(FACTORS, self.values, strict=True)),
            *(part_attribute(part) for part in self.parts),
        )


def planted_image_ids(spec: PlantedSpec) -> tuple[str, ...]:
    """Return the ids of all items, sorted."""
    return tuple(f"{split}_{number:05d}" for split in sorted(SPLITS) for number in range(spec.items_of_split(split)))


def sample_item(spec: PlantedSpec, image_id: str) -> Item:
    """Return the item that the id names.

    The independent draws and the choice of which distractors copy their leaders are separate streams, so
    that the correlation strength changes distractors only.

    Raises:
        BadDataset: the dataset has no item of this id.
    """
    split = _split_of(spec, image_id)
    if spec.cameras:
        view = view_of(image_id, spec.cameras)
        item_type, states = identity_states(spec.seed, view)
        return _item(image_id, split, item_type, with_ground(states, camera_of(spec.seed, view.camera)), view.identity)
    item_type, states = _independent_states(spec, image_id)
    class_name = None
    if spec.label_mode == "class":
        class_name = _class_of(spec, image_id)
        item_type, states = _near_class(spec, image_id, class_name, states)
    elif split != INDEPENDENT_SPLIT:
        _follow_leaders(spec, image_id, states)
    return _item(image_id, split, item_type, states, class_name)


def copying_attributes() -> tuple[str, ...]:
    """Return the attributes that copy a leader in correlated splits, in vocabulary order."""
    copying = set(DISTRACTOR_LEADERS)
    return tuple(name for name in attribute_names() if not copying.isdisjoint(name.split(":")))


def class_vector(spec: PlantedSpec, item: Item) -> Item:
    """Return the item that has the attributes of the item's class without noise; where there is none, itself."""
    if item.class_name is None:
        return item
    return _item(item.image_id, item.split, *_independent_states(spec, item.class_name), item.class_name)


def _item(image_id: str, split: str, item_type: str, states: Mapping[str, int], class_name: str | None) -> Item:
    return Item(
        image_id=image_id,
        split=split,
        item_type=item_type,
        values=tuple(values[states[factor]] for factor, values in FACTORS.items()),
        parts=tuple(part for part in PARTS_OF_TYPE[item_type] if states[part]),
        class_name=class_name,
    )


def _independent_states(spec: PlantedSpec, key: str) -> tuple[str, dict[str, int]]:
    """Return a type, and for every factor and part its state: a position among the factor's values, or 0 and 1."""
    draws = keyed_rng(spec.seed, key, "attributes").random(1 + len(FACTORS) + len(PARTS)).tolist()
    item_type = TYPES[int(draws[0] * len(TYPES))]
    states = {
        factor: int(draw * len(values))
        for (factor, values), draw in zip(FACTORS.items(), draws[1 : 1 + len(FACTORS)], strict=True)
    }
    states |= {part: int(draw < 0.5) for part, draw in zip(PARTS, draws[1 + len(FACTORS) :], strict=True)}
    return item_type, states


def _class_of(spec: PlantedSpec, image_id: str) -> str:
    return f"class_{int(keyed_rng(spec.seed, image_id, 'class').integers(spec.classes)):03d}"


def _near_class(
    spec: PlantedSpec, image_id: str, class_name: str, own_states: Mapping[str, int]
) -> tuple[str, dict[str, int]]:
    """Return the type of the class and its states, some of them the item's own."""
    item_type, states = _independent_states(spec, class_name)
    draws = keyed_rng(spec.seed, image_id, "class_noise").random(len(states)).tolist()
    kept = zip(states.items(), draws, strict=True)
    return item_type, {name: own_states[name] if draw < spec.class_noise else state for (name, state), draw in kept}


def _follow_leaders(spec: PlantedSpec, image_id: str, states: dict[str, int]) -> None:
    draws = keyed_rng(spec.seed, image_id, "correlation").random(len(DISTRACTOR_LEADERS)).tolist()
    for (distractor, leader), draw in zip(DISTRACTOR_LEADERS.items(), draws, strict=True):
        if draw < spec.copying_probability:
            choices = len(FACTORS[distractor]) if distractor in FACTORS else 2
            states[distractor] = states[leader] % choices


def _split_of(spec: PlantedSpec, image_id: str) -> str:
    split, _, number = image_id.partition("_")
    is_known = split in SPLITS and number.isdecimal() and image_id == f"{split}_{int(number):05d}"
    if not is_known or int(number) >= spec.items_of_split(split):
        counts = ", ".join(f"{spec.items_of_split(name)} {name}" for name in SPLITS)
        raise BadDataset(
            expected=f'an id such as "test_00000" of a dataset with {counts} items',
            found=repr(image_id),
            where="planted dataset",
            remedy="use an image_id of the dataset's index, or ask for more items",
        )
    return split
