"""Images before and after an edit, side by side, and which of them are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.randomness import derive_seed
from pipeline.report.overlays import image_uri
from pipeline.report.shown_image import ShownImage

SHOWN_EDITS = 20
_SIZE_PX = 96


@dataclass(frozen=True)
class EditedPhotograph:
    """One query before and after an edit.

    Attributes:
        colour: its labelled colour, or a word for how it was.
        target_colour: what it was edited to, or the name of the edit.
        before_hwc: uint8 (y, x, 3).
        after_hwc: likewise.
    """

    colour: str
    target_colour: str
    before_hwc: npt.NDArray[np.uint8]
    after_hwc: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class EditPicture:
    """What the page draws of it: two data URIs and the words below."""

    before: str
    after: str
    colour: str
    target_colour: str


def choose_edits(rows: Sequence[Mapping[str, Any]], seed: int, turns_of: str = "attribute") -> list[int]:
    """Return the places of up to twenty rows, by seed and the ids `query` alone; values of a column take turns."""
    order = sorted(range(len(rows)), key=lambda place: derive_seed(seed, rows[place]["query"], "report edit"))
    turns: dict[str, int] = {}
    entries = []
    for rank, place in enumerate(order):
        value = rows[place][turns_of]
        turns[value] = turns.get(value, 0) + 1
        entries.append((turns[value], rank, place))
    return [place for *_, place in sorted(entries)[:SHOWN_EDITS]]


def edit_pictures(edits: Sequence[EditedPhotograph]) -> tuple[EditPicture, ...]:
    """Return the pictures in the order given."""
    return tuple(
        EditPicture(
            image_uri(ShownImage(one.before_hwc), _SIZE_PX),
            image_uri(ShownImage(one.after_hwc), _SIZE_PX),
            one.colour,
            one.target_colour,
        )
        for one in edits
    )
