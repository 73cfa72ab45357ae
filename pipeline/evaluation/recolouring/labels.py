"""Which items may be edited, as far as labels tell."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.datasets.declaration import EditableColours
from pipeline.evaluation.recolouring.reasons import LeftOut


def editable_colours(values: Mapping[str, Any]) -> EditableColours:
    """Return what a dataset declares of its colours, of the same as plain values."""
    return EditableColours(values["prefix"], tuple(values["patterns"]), tuple(values["types"]))


def labelled_colour(
    label: str, attributes: Sequence[str], editable: EditableColours
) -> tuple[str | None, LeftOut | None]:
    """Return an item's one labelled colour, or None and why it is left out.

    Args:
        label: the item's type.
        attributes: that it is labelled with.
        editable: what the dataset declares.
    """
    if label not in editable.types:
        return None, LeftOut.OTHER_TYPE
    colours = [name for name in attributes if name.startswith(editable.prefix)]
    if not colours:
        return None, LeftOut.NO_COLOUR
    if len(colours) > 1:
        return None, LeftOut.SEVERAL_COLOURS
    if set(attributes) & set(editable.patterns):
        return None, LeftOut.PATTERNED_LABEL
    return colours[0], None
