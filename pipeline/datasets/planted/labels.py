"""The labels that a planted item is given, which need not be what it has: thinned, or those of its class."""

from pipeline.datasets.planted.items import Item, class_vector
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import attribute_names
from pipeline.randomness import keyed_rng


def image_label(item: Item) -> str:
    """Return the label of the item's image: its class where items have one, else its type."""
    return item.item_type if item.class_name is None else item.class_name


def given_attributes(spec: PlantedSpec, item: Item) -> tuple[str, ...]:
    """Return the names of the attributes that the item is labelled with, in vocabulary order.

    By `label_mode`: all that it has; those that its class has, some of which it lacks, while it has some that are not
    named; or a share of what it has, each drawn by seed, item and attribute.
    """
    if spec.label_mode == "class":
        return class_vector(spec, item).attributes
    if spec.label_mode != "sparse":
        return item.attributes
    names = attribute_names()
    draws = keyed_rng(spec.seed, item.image_id, "labels").random(len(names)).tolist()
    labelled = {name for name, draw in zip(names, draws, strict=True) if draw >= spec.unlabelled_share}
    return tuple(name for name in item.attributes if name in labelled)
