"""The settings of saliency maps: which are made, and how."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from flows.settings_section import Positive, Section
from pipeline.saliency.catalogue import BOTH, FIXED
from pipeline.saliency.window_geometry import (
    QUERY_WINDOWS_AT_THE_EDGE,
    REFERENCE_WINDOWS_AT_THE_EDGE,
    WINDOW_SIDES,
    fewest_windows,
)

GeneratorName = Literal["rise", "sliding_window", "random", "centre"]
MODES = "fixed: only the query is manipulated; both: the reference as well"


class GeneratorSection(Section):
    """What every generator that knows the model has."""

    modes: Sequence[str]
    pairs: Positive | None = Field(None, description="most test pairs with maps, whole queries at a time; empty: all")

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:
        """Return what the generator gets in a mode, and what its maps depend on; test maps where it supervises none."""
        raise NotImplementedError


class KeepingSection(GeneratorSection):
    """What generators have whose perturbed queries' embeddings can be kept."""

    keep: bool | None = Field(
        None,
        description="keep the perturbed queries' embeddings, so that a new reference, condition or mode costs no pass "
        "of a query; empty: where several modes share them",
    )

    def keeps(self, modes: int) -> bool:
        """Return whether the embeddings are kept of queries that have maps of so many modes."""
        return modes > 1 if self.keep is None else self.keep


class RiseSettings(KeepingSection):
    """[saliency.rise]."""

    modes: list[Literal["fixed", "both"]] = Field(["fixed", "both"], description=MODES)
    masks: Positive = Field(2000, description="N: masks (and forward passes) per test query")
    supervision_masks: Positive = Field(2000, description="N for training and validation queries")
    reference_masks: Positive = Field(30, description="M: masks (and forward passes) per reference, mode both")
    grid_cells: Positive = Field(8, description="cells along a side of a mask's coarse grid")
    keep_probability: float = Field(0.5, gt=0, lt=1, description="chance that a cell is kept")

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:
        """See GeneratorSection."""
        values = self.model_dump(include={"grid_cells", "keep_probability"})
        if mode == BOTH:
            values["reference_masks"] = self.reference_masks
        return {"masks": self.supervision_masks if supervises else self.masks, **values}


class SlidingWindowSettings(KeepingSection):
    """[saliency.sliding_window]."""

    modes: list[Literal["fixed", "both"]] = Field(["fixed", "both"], description=MODES)
    geometry: Literal["papers", "authors_code"] = Field(
        "papers",
        description="papers: windows of 12 % of the area, a pixel's value is their mean drop; authors_code: 8 %, and a "
        "value per window, enlarged",
    )
    windows_per_side: Positive = Field(25, description="windows along each axis of the query; N is their square")
    reference_windows_per_side: Positive = Field(6, description="the same of the reference, mode both; M is its square")

    @model_validator(mode="after")
    def _windows_cover_every_pixel(self) -> "SlidingWindowSettings":
        side = WINDOW_SIDES[self.geometry]
        for name, at_the_edge in (
            ("windows_per_side", QUERY_WINDOWS_AT_THE_EDGE),
            ("reference_windows_per_side", REFERENCE_WINDOWS_AT_THE_EDGE),
        ):
            fewest = fewest_windows(side, at_the_edge)
            if getattr(self, name) < fewest:
                raise ValueError(f"{name} must be at least {fewest} for windows of {side}/112 of the image's side")
        return self

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        names = {"geometry", "windows_per_side", *(["reference_windows_per_side"] if mode == BOTH else [])}
        return self.model_dump(include=names)


class SaliencySettings(Section):
    """[saliency]: which maps are made."""

    generators: list[GeneratorName] = Field(["rise", "random", "centre"], description="maps of test pairs")
    supervision: Literal["rise"] = Field("rise", description="maps that supervise and match attributes")
    rise: RiseSettings = RiseSettings()  # type: ignore[call-arg]
    sliding_window: SlidingWindowSettings = SlidingWindowSettings()  # type: ignore[call-arg]

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
