"""One change to one item: the values only, not the pixels."""

from dataclasses import dataclass, replace

from pipeline.datasets.planted.items import Item
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, PARTS_OF_TYPE
from pipeline.errors import BadSetting

PART_ON = "on"
PART_OFF = "off"


@dataclass(frozen=True)
class Edit:
    """A change of one factor or part of an item.

    Attributes:
        attribute: the attribute whose effect the edit measures, for example "body_colour:red".
        factor_or_part: what is changed, for example "body_colour" or "pocket".
        new_value: the factor's new value, or "on" or "off" for a part.
    """

    attribute: str
    factor_or_part: str
    new_value: str


def apply_edit(item: Item, edit: Edit) -> Item:
    """Return the item after the edit; the item itself where the edit changes nothing.

    Raises:
        BadSetting: the factor, part or value is unknown, or the item's type cannot have the part.
    """
    if edit.factor_or_part in FACTORS:
        return _set_value(item, edit)
    if edit.factor_or_part not in PARTS or edit.new_value not in (PART_ON, PART_OFF):
        raise _refusal(item, edit, "a factor with one of its values, or a part with on or off")
    if edit.new_value == PART_OFF:
        return replace(item, parts=tuple(part for part in item.parts if part != edit.factor_or_part))
    possible = PARTS_OF_TYPE[item.item_type]
    if edit.factor_or_part not in possible:
        raise _refusal(item, edit, f"a part that a {item.item_type} can have: {', '.join(possible)}")
    wanted = {*item.parts, edit.factor_or_part}
    return replace(item, parts=tuple(part for part in possible if part in wanted))


def _set_value(item: Item, edit: Edit) -> Item:
    choices = FACTORS[edit.factor_or_part]
    if edit.new_value not in choices:
        raise _refusal(item, edit, f"a value of {edit.factor_or_part}: {', '.join(choices)}")
    factors = tuple(FACTORS)
    values = tuple(
        edit.new_value if factor == edit.factor_or_part else value
        for factor, value in zip(factors, item.values, strict=True)
    )
    return replace(item, values=values)


def _refusal(item: Item, edit: Edit, expected: str) -> BadSetting:
    return BadSetting(
        expected=expected,
        found=f"{edit.factor_or_part} := {edit.new_value}",
        where=f"edit of planted item {item.image_id} ({item.item_type})",
        remedy="take edits from attribute_edits, which offers only possible ones",
    )
