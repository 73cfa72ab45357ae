"""The settings of saliency maps: which are made."""

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, create_model, model_validator

from flows.settings.correspondence import CorrespondenceSettings
from flows.settings.generators import SECTIONS, GeneratorSection
from flows.settings.section import Section
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.declaration import FIXED


def _one_of(known: Sequence[str]) -> AfterValidator:
    """Return what refuses a name that is not known, and tells the closest one."""

    def refuse_unknown(name: str) -> str:
        if name not in known:
            closest = difflib.get_close_matches(name, known, n=1)
            raise ValueError(f"one of {', '.join(known)}" + (f"; did you mean {closest[0]}?" if closest else ""))
        return name

    return AfterValidator(refuse_unknown)


ColourValue = Annotated[int, Field(ge=0, le=255)]
SUPERVISING = [name for name, declaration in GENERATORS.items() if declaration.can_supervise]
GeneratorName = Annotated[str, _one_of(list(GENERATORS)), WithJsonSchema({"enum": list(GENERATORS)})]
SupervisorName = Annotated[str, _one_of(SUPERVISING), WithJsonSchema({"enum": SUPERVISING})]


# One field for each section. Only known at run time, so that a new generator is named in the catalogue alone.
_fields: dict[str, Any] = {name: (section, section.model_validate({})) for name, section in SECTIONS.items()}
Sections: Any = create_model("Sections", __base__=Section, **_fields)


class SaliencySettings(Sections):  # type: ignore[misc]
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: SupervisorName = Field("rise", description="maps that supervise and match attributes")
    fill: Literal["mean", "canvas", "blur"] | tuple[ColourValue, ColourValue, ColourValue] | None = Field(
        None,
        description="what removed pixels become, of every generator that removes some: mean: the mean colour of "
        "ImageNet; canvas: dataset.canvas; blur: the image blurred; or red, green and blue; empty: as in the papers "
        "(mean; lime: black; mask: its own blur)",
    )
    correspondence: CorrespondenceSettings = CorrespondenceSettings()  # type: ignore[call-arg]

    def section(self, generator: str) -> GeneratorSection | None:
        """Return a generator's own section; None for the controls, which have none."""
        found = getattr(self, generator, None)
        return found if isinstance(found, GeneratorSection) else None

    @property
    def generator_modes(self) -> list[tuple[str, str]]:
        """What test maps are made of: each generator in each of its modes."""
        found: list[tuple[str, str]] = []
        for generator in self.generators:
            section = self.section(generator)
            found += [(generator, mode) for mode in (section.modes if section else GENERATORS[generator].modes)]
        return found

    @model_validator(mode="after")
    def _supervision_is_made(self) -> "SaliencySettings":
        if self.supervision not in self.generators or len(set(self.generators)) != len(self.generators):
            raise ValueError("saliency.generators must be distinct and hold the supervision's generator")
        if (self.supervision, FIXED) not in self.generator_modes:
            raise ValueError(f"saliency.{self.supervision}.modes must hold {FIXED!r}, which supervises attributes")
        sections = [section for name in SECTIONS if (section := self.section(name)) is not None]
        if any(len(set(section.modes)) != len(section.modes) for section in sections):
            raise ValueError("a generator's modes must be distinct")
        return self
