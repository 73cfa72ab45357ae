"""The settings of saliency maps: which are made, and how."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from flows.settings_section import Positive, Section
from pipeline.saliency.catalogue import FIXED

GeneratorName = Literal["rise", "mask", "random", "centre"]


class GeneratorSection(Section):
    """What every generator that knows the model has."""

    modes: Sequence[str]
    pairs: Positive | None = Field(None, description="most test pairs with maps, whole queries at a time; empty: all")

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:
        """Return what the generator gets in a mode, and what its maps depend on; test maps where it supervises none."""
        raise NotImplementedError


class RiseSettings(GeneratorSection):
    """[saliency.rise]."""

    modes: list[Literal["fixed"]] = Field(["fixed"], description="fixed: only the query is manipulated")
    masks: Positive = Field(2000, description="N: masks (and forward passes) per test query")
    supervision_masks: Positive = Field(2000, description="N for training and validation queries")
    grid_cells: Positive = Field(8, description="cells along a side of a mask's coarse grid")
    keep_probability: float = Field(0.5, gt=0, lt=1, description="chance that a cell is kept")

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        values = self.model_dump(include={"grid_cells", "keep_probability"})
        return {"masks": self.supervision_masks if supervises else self.masks, **values}


class MaskSettings(GeneratorSection):
    """[saliency.mask]."""

    modes: list[Literal["fixed", "both"]] = Field(
        ["fixed", "both"], description="fixed: only the query is manipulated; both: the reference as well, jointly"
    )
    iterations: Positive = Field(500, description="steps of Adam")
    learning_rate: float = Field(0.1, gt=0, description="Adam's")
    mask_cells: int = Field(14, ge=2, description="cells along a side of the mask, the map's own resolution")
    sparsity_weight: float = Field(0.01, ge=0, description="weight of mean |1 - m|")
    smoothness_weight: float = Field(0.2, ge=0, description="weight of the mask's total variation, with exponent 3")
    noise_deviation: float = Field(0.2, ge=0, description="of the noise on manipulated images, once normalised")
    blur_px: int = Field(11, ge=1, description="odd side of the median's window")
    pairs_per_batch: Positive = Field(32, description="pairs optimised together; changes rounding only")
    patience: Positive | None = Field(
        None, description="iterations over which a pair's mean loss must fall, or it stops; empty: all iterations"
    )
    tolerance: float = Field(1e-3, ge=0, description="least fall of the mean loss over `patience` iterations")

    @field_validator("blur_px")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("an odd number of pixels, so that the window has a centre")
        return value

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        # Without patience there is nothing to tolerate.
        return self.model_dump(exclude={"modes", "pairs", *(() if self.patience else ("tolerance",))})


class SaliencySettings(Section):
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: Literal["rise"] = Field("rise", description="maps that supervise and match attributes")
    rise: RiseSettings = RiseSettings()  # type: ignore[call-arg]
    mask: MaskSettings = MaskSettings()  # type: ignore[call-arg]

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
