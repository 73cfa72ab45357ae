"""The settings of training with similarity mining."""

from typing import Annotated, Literal

from pydantic import Field

from flows.settings.section import NumberFromZero, PositiveNumber, Section, Share

MOST_VALUES = 10
Gammas = Annotated[list[NumberFromZero], Field(min_length=1, max_length=MOST_VALUES)]
Alphas = Annotated[list[PositiveNumber], Field(min_length=1, max_length=MOST_VALUES)]
Betas = Annotated[list[Share], Field(min_length=1, max_length=MOST_VALUES)]


class MiningSettings(Section):
    """[similarity_model.mining]: training on images without what the model attends to (SAM); see similarity-mining.md.

    Where gamma, alpha or beta have several values, every combination is trained, and the one that validates best is
    the model.
    """

    form: Literal["none", "printed", "negated", "absolute"] = Field(
        "none",
        description="none: nothing is mined; printed: the paper's equations as they stand; negated: their negative; "
        "absolute: their absolute value",
    )
    maps: Literal["similarity_attention", "grad_cam"] = Field(
        "similarity_attention", description="what is erased; grad_cam: of a classifier of pairs, a baseline"
    )
    gamma: Gammas = Field([0.25], description="weight of the mining loss")
    alpha: Alphas = Field([10.0], description="steepness with which pixels are erased, on maps from 0 to 1")
    beta: Betas = Field([0.5], description="value of a map at which half of a pixel is erased")
    layer: str | None = Field(
        None, description="submodule whose activations become maps, such as 0.2; empty: the last feature map"
    )
    classification_weight: NumberFromZero = Field(
        0.0, description="weight of a classifier of pairs (one class or not) beside the metric loss; 0: none"
    )

    @property
    def is_asked_for(self) -> bool:
        """Whether training differs from that without this section."""
        return self.form != "none" or self.classification_weight > 0
