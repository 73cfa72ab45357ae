"""What subjects are told beside the images: nothing, maps, attributes, or both."""

from dataclasses import dataclass
from typing import Final

from pipeline.errors import BadSetting
from pipeline.explanation.variants import VARIANTS

NOTHING: Final = "nothing"
MAP: Final = "map"
WITH_MAP: Final = "map+"
# Attributes that no variant of a run names: drawn by the study, and those of the table `answers`.
RANDOM: Final = "random"
ANSWER: Final = "answer"
SANE: Final = "sane+match+count"

# ECCV supplement, section 3 and figures 7 and 8, with the run's answers beside them; an even number of them.
DEFAULT_CONDITIONS: Final = (NOTHING, MAP, RANDOM, "classifier", SANE, ANSWER, WITH_MAP + SANE, WITH_MAP + ANSWER)


@dataclass(frozen=True)
class Condition:
    """One way of showing a triplet.

    Attributes:
        has_map: the map over the query for each of the two matches is shown.
        source: what names the attribute of each match: `random`, `answer` or a variant; None: no attributes.
    """

    has_map: bool
    source: str | None

    @property
    def name(self) -> str:
        """As it is written in options, files and tables."""
        if self.source is None:
            return MAP if self.has_map else NOTHING
        return (WITH_MAP if self.has_map else "") + self.source


def condition_of(name: str) -> Condition:
    """Return the condition of a name: `nothing`, `map`, a source of attributes, or `map+` and a source.

    Raises:
        BadSetting: no condition has this name.
    """
    if name in (NOTHING, MAP):
        return Condition(name == MAP, None)
    has_map = name.startswith(WITH_MAP)
    return Condition(has_map, checked_source(name.removeprefix(WITH_MAP), "--condition"))


def checked_source(name: str, where: str) -> str:
    """Return the name of a source of attributes.

    Raises:
        BadSetting: it is none.
    """
    if name in (RANDOM, ANSWER) or name in VARIANTS:
        return name
    known = ", ".join([RANDOM, ANSWER, *(variant for variant in VARIANTS if variant != RANDOM)])
    raise BadSetting(
        expected=f"{NOTHING}, {MAP}, one of {known}, or {WITH_MAP} and one of these"
        if where == "--condition"
        else f"one of {known}",
        found=repr(name),
        where=where,
        remedy="choose one of them",
    )
