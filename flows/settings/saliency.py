"""The settings of saliency maps: which are made."""

from typing import Literal

from pydantic import Field, model_validator

from flows.settings.generators import (
    GeneratorSection,
    GradCamSettings,
    LimeSettings,
    MaskSettings,
    RiseSettings,
    SimilarityAttentionSettings,
    SlidingWindowSettings,
)
from flows.settings.section import Section
from pipeline.saliency.catalogue import FIXED

GeneratorName = Literal[
    "sliding_window", "rise", "lime", "mask", "similarity_attention", "grad_cam", "random", "centre"
]


class SaliencySettings(Section):
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: Literal["rise"] = Field("rise", description="maps that supervise and match attributes")
    sliding_window: SlidingWindowSettings = SlidingWindowSettings()  # type: ignore[call-arg]
    rise: RiseSettings = RiseSettings()  # type: ignore[call-arg]
    similarity_attention: SimilarityAttentionSettings = SimilarityAttentionSettings()  # type: ignore[call-arg]
    grad_cam: GradCamSettings = GradCamSettings()  # type: ignore[call-arg]
    mask: MaskSettings = MaskSettings()  # type: ignore[call-arg]
    lime: LimeSettings = LimeSettings()  # type: ignore[call-arg]

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
            found += [(generator, mode) for mode in (section.modes if section else [FIXED])]
        return found

    @model_validator(mode="after")
    def _supervision_is_made(self) -> "SaliencySettings":
        if self.supervision not in self.generators or len(set(self.generators)) != len(self.generators):
            raise ValueError("saliency.generators must be distinct and hold the supervision's generator")
        if (self.supervision, FIXED) not in self.generator_modes:
            raise ValueError(f"saliency.{self.supervision}.modes must hold {FIXED!r}, which supervises attributes")
        sections = [section for name in type(self).model_fields if (section := self.section(name)) is not None]
        if any(len(set(section.modes)) != len(section.modes) for section in sections):
            raise ValueError("a generator's modes must be distinct")
        return self
