"""What all sections of a configuration file share."""

import unicodedata
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.setting_limits import (
    FIXED_STEPS,
    IMAGES_AT_ONCE,
    IN_FLOAT32,
    WHOLE_NUMBER_LEAST,
    WHOLE_NUMBER_MOST,
    AtMost,
)

Place = TypeVar("Place", str, Path)


def _refuse_control_characters(place: Place) -> Place:
    r"""In double quotes TOML makes a tab of \t and a line break of \n, so that C:\temp becomes another path."""
    if any(unicodedata.category(character) == "Cc" for character in str(place)):
        raise ValueError("a path without tabs and line breaks: in single quotes a backslash stays one, 'C:\\temp'")
    return place


Positive = Annotated[int, Field(ge=1)]
PositiveNumber = Annotated[float, Field(gt=0), IN_FLOAT32]
NumberFromZero = Annotated[float, Field(ge=0), IN_FLOAT32]
Duration = Annotated[float, Field(ge=0), AtMost(1_000_000_000, "as a time that is longer than any run")]
Seed = Annotated[int, WHOLE_NUMBER_LEAST, WHOLE_NUMBER_MOST]
Epochs = Annotated[int, Field(ge=1), FIXED_STEPS]
BatchSize = Annotated[int, Field(ge=1), IMAGES_AT_ONCE]
# Of pairs, as many as a table of them has rows.
PairCount = Annotated[int, Field(ge=1), AtMost(100_000_000, "a row for each pair then takes 10 GB of memory")]
References = Annotated[int, Field(ge=1), AtMost(100_000, "the scores of a query against so many are held in memory")]
FilePath = Annotated[Path, AfterValidator(_refuse_control_characters)]
PathOrUrl = Annotated[str, AfterValidator(_refuse_control_characters)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, and so are infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
