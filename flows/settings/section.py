"""What all sections of a configuration file share."""

import unicodedata
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Place = TypeVar("Place", str, Path)


def _refuse_control_characters(place: Place) -> Place:
    r"""In double quotes TOML makes a tab of \t and a line break of \n, so that C:\temp becomes another path."""
    if any(unicodedata.category(character) == "Cc" for character in str(place)):
        raise ValueError("a path without tabs and line breaks: in single quotes a backslash stays one, 'C:\\temp'")
    return place


Positive = Annotated[int, Field(ge=1)]
PositiveNumber = Annotated[float, Field(gt=0)]
FilePath = Annotated[Path, AfterValidator(_refuse_control_characters)]
PathOrUrl = Annotated[str, AfterValidator(_refuse_control_characters)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, and so are infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
