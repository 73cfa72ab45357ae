"""Why an item or an edit is left out of the measured effects of colour, and how many edits there are."""

from enum import StrEnum
from typing import Final

# Edits of an item to other examples of its own colour, which set the noise floor.
SAME_COLOUR_EDITS: Final = 2


class LeftOut(StrEnum):
    """A reason; those of labels come first, then those of the photograph, then those of the edit."""

    NO_COLOUR = "no colour labelled"
    SEVERAL_COLOURS = "several colours labelled"
    PATTERNED_LABEL = "pattern labelled"
    OTHER_TYPE = "type not edited"
    RARE_COLOUR = "too few training items of the colour"
    NO_GROUND = "no white ground"
    TOO_SMALL = "too small"
    PATTERNED = "colour covers too little of the item"
    NOT_RECOGNISED = "own colour not recognised"
    NOT_KEPT = "same-colour edit not recognised"
    NO_TARGET = "no edit to another colour recognised"
    NOT_TAKEN = "target colour not recognised"
