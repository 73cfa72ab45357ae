"""The settings of each saliency generator; a section holds what its maps depend on."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from flows.settings.section import Positive, Section
from pipeline.saliency.catalogue import BOTH
from pipeline.saliency.sliding_window.geometry import (
    QUERY_WINDOWS_AT_THE_EDGE,
    REFERENCE_WINDOWS_AT_THE_EDGE,
    WINDOW_SIDES,
    fewest_windows,
)

MODES = "fixed: only the query is manipulated; both: the reference as well"
LAYER = "submodule whose activations become the map, such as 0.2; empty: the network's last feature map"


class GeneratorSection(Section, ABC):
    """What every generator that knows the model has."""

    modes: Sequence[str]
    pairs: Positive | None = Field(None, description="most test pairs with maps, whole queries at a time; empty: all")

    @abstractmethod
    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:
        """Return what the generator gets in a mode, and what its maps depend on; test maps where it supervises none."""


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
    scheme: Literal["papers", "balanced_regression"] = Field(
        "papers",
        description="papers: independent masks and their weighted mean; balanced_regression: masks with their "
        "complements and a regression, for about 0.4 times as many masks (an even number, keep_probability 0.5)",
    )

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:
        """See GeneratorSection."""
        values = self.model_dump(include={"grid_cells", "keep_probability", "scheme"})
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


class SimilarityAttentionSettings(GeneratorSection):
    """[saliency.similarity_attention]."""

    modes: list[Literal["siamese", "triplet", "quadruplet"]] = Field(
        ["siamese", "triplet", "quadruplet"],
        description="how features are weighed: by the pair alone, or with one or two images of another class besides",
    )
    layer: str | None = Field(None, description=LAYER)

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        return {"layer": self.layer}


class GradCamSettings(GeneratorSection):
    """[saliency.grad_cam]."""

    modes: list[Literal["fixed"]] = Field(["fixed"], description="fixed: the reference is taken as it is")
    layer: str | None = Field(None, description=LAYER)

    def spec(self, mode: str, supervises: bool) -> dict[str, Any]:  # noqa: ARG002
        """See GeneratorSection."""
        return {"layer": self.layer}


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
    kernel_size: float = Field(
        4.0,
        ge=1,
        description="quickshift's, in px at a side of 112 px, scaled with the image: larger means fewer superpixels",
    )
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
