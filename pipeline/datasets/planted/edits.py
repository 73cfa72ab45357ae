"""Which edits measure an attribute, which pixels they change, and background edits of the same size.

The background edits give the noise floor of effects: what a score does when equally many pixels change that
say nothing about the item.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.datasets.planted.item_edits import PART_OFF, PART_ON, Edit
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.renderer import find_pure_background, render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS_OF_TYPE, attribute_names, value_attribute
from pipeline.errors import BadSetting
from pipeline.randomness import keyed_rng

__all__ = ["Edit", "attribute_edits", "changed_region", "measuring_edits", "null_background_edits"]


def attribute_edits(item: Item, attribute: str) -> tuple[Edit, ...]:
    """Return the edits that measure an attribute of an item.

    For a present attribute: every other value of its factor, or the part switched off. For an absent one: the
    edit that makes it present; none where the item's type cannot have the part.

    Raises:
        BadSetting: the vocabulary has no such attribute.
    """
    if attribute not in attribute_names():
        raise BadSetting(
            expected=f"one of {', '.join(attribute_names())}",
            found=repr(attribute),
            where="edits of a planted item",
            remedy="take attribute names from the dataset's index",
        )
    is_present = attribute in item.attributes
    factor, _, value = attribute.partition(":")
    if factor in FACTORS:
        new_values = [other for other in FACTORS[factor] if other != value] if is_present else [value]
        return tuple(Edit(attribute, factor, new_value) for new_value in new_values)
    if value not in PARTS_OF_TYPE[item.item_type]:
        return ()
    return (Edit(attribute, value, PART_OFF if is_present else PART_ON),)


def measuring_edits(item: Item, attributes: Sequence[str]) -> list[tuple[str, bool, tuple[Edit, ...]]]:
    """Return (attribute, whether the item has it, its edits) for each attribute whose effect is measured.

    An absent value of a factor has no effect of its own: the present value's entry stands for it. Parts that the
    item's type cannot have are left out, too.

    Raises:
        BadSetting: the vocabulary has no such attribute.
    """
    measured = []
    for attribute in attributes:
        present = attribute in item.attributes
        if not present and attribute.partition(":")[0] in FACTORS:
            continue
        edits = attribute_edits(item, attribute)
        if edits:
            measured.append((attribute, present, edits))
    return measured


def changed_region(spec: PlantedSpec, image_id: str, attribute: str) -> NDArray[np.bool_]:
    """Return bool (y, x): pixels whose bytes change under any edit that measures the attribute.

    All false where the item's type cannot have the attribute. Costs one rendering more than there are edits.

    Raises:
        BadDataset: the dataset has no item of this id.
        BadSetting: the vocabulary has no such attribute.
    """
    original = render_item(spec, image_id)
    region = np.zeros(original.shape[:2], dtype=np.bool_)
    for edit in attribute_edits(sample_item(spec, image_id), attribute):
        region |= (render_with_edit(spec, image_id, edit) != original).any(axis=2)
    return region


def null_background_edits(spec: PlantedSpec, image_id: str, n_pixels: int, draw: int) -> NDArray[np.uint8]:
    """Return the item with a blob of background pixels in another background's colour, uint8 (y, x, channel).

    The blob holds n_pixels of the pixels that neither the item nor any part possible for its type touches, or
    all of these where they are fewer; it is connected but for what the item cuts off. Light and noise stay.

    Args:
        spec: the dataset.
        image_id: the item.
        n_pixels: how many pixels change.
        draw: number of the draw; each gives another colour, place and form of the blob.

    Raises:
        BadDataset: the dataset has no item of this id.
        BadSetting: n_pixels is negative.
    """
    if n_pixels < 0:
        raise BadSetting(
            expected="zero or more pixels",
            found=str(n_pixels),
            where=f"background edit of planted item {image_id}",
            remedy="pass the number of pixels of the region to compare with",
        )
    rng = keyed_rng(spec.seed, image_id, "background_edit", draw)
    present = sample_item(spec, image_id).value_of("background")
    other_value = str(rng.choice([value for value in FACTORS["background"] if value != present]))
    edit = Edit(value_attribute("background", other_value), "background", other_value)
    blob = _grow_blob(find_pure_background(spec, image_id), n_pixels, rng)
    edited = render_with_edit(spec, image_id, edit)
    return np.where(blob[:, :, None], edited, render_item(spec, image_id))


def _grow_blob(allowed: NDArray[np.bool_], n_pixels: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return bool (y, x): the allowed pixels nearest to one of them under a drawn elliptic distance."""
    rows, columns = np.nonzero(allowed)
    blob = np.zeros_like(allowed)
    if rows.size == 0:
        return blob
    seed = int(rng.integers(rows.size))
    from_row, from_column = rows - rows[seed], columns - columns[seed]
    stretch = float(rng.uniform(0.5, 2.0))
    skew = float(rng.uniform(-0.5, 0.5))
    distances = (from_row + skew * from_column) ** 2 * stretch + from_column**2 / stretch
    nearest = np.argsort(distances, kind="stable")[:n_pixels]
    blob[rows[nearest], columns[nearest]] = True
    return blob
