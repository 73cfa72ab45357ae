"""The settings of saliency maps: which are made, and how."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from flows.settings_section import Positive, Section
from pipeline.saliency.catalogue import FIXED

GeneratorName = Literal["rise", "lime", "random", "centre"]


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


class LimeSettings(GeneratorSection):
    """[saliency.lime]."""

    modes: list[Literal["fixed"]] = Field(
        ["fixed"], description="fixed: only the query is manipulated; both is not defined for LIME"
    )
    samples: int = Field(1000, ge=10, description="N: images with superpixels on and off, the whole image among them")
    kernel_width: float = Field(0.25, gt=0, description="of the samples' weights, in cosine distance")
    regression: Literal["lasso", "ridge"] = Field("lasso", description="lasso zeroes superpixels that explain nothing")
    selection: Literal["bic", "cross_validation"] = Field("bic", description="what chooses lasso's penalty")
    ridge_alpha: float = Field(1.0, gt=0, description="ridge's penalty")
    kernel_size: float = Field(4.0, ge=1, description="quickshift's, in px: larger means fewer superpixels")
    max_dist: float = Field(200.0, gt=0, description="quickshift's: larger means fewer superpixels")
    ratio: float = Field(0.2, ge=0, le=1, description="quickshift's weight of colour against position")

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        # Only what the regression in use looks at.
        chosen = "selection" if self.regression == "lasso" else "ridge_alpha"
        return {
            **self.model_dump(include={"samples", "kernel_width", "regression", chosen}),
            "superpixels": self.model_dump(include={"kernel_size", "max_dist", "ratio"}),
        }


class SaliencySettings(Section):
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: Literal["rise"] = Field("rise", description="maps that supervise and match attributes")
    rise: RiseSettings = RiseSettings()  # type: ignore[call-arg]
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
