"""Names of the edits of a whole item, and of why one is not made."""

from enum import StrEnum

from pipeline.evaluation.recolouring.reasons import LeftOut


class WholeEdit(StrEnum):
    """The edits, in the order in which tables show them."""

    GREYSCALE = "greyscale"
    MIRRORED = "mirrored"
    BACKGROUND = "background"


class NotEdited(StrEnum):
    """Why an edit was not made."""

    OTHER_TYPE = LeftOut.OTHER_TYPE.value
    NO_GROUND = LeftOut.NO_GROUND.value
    TOO_SMALL = LeftOut.TOO_SMALL.value
    NO_CHROMA = "hardly any colour to take"
