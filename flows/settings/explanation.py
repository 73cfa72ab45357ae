"""[explanation]: how attributes are ranked, and which of them answers."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from flows.settings.section import (
    NumberFromZero,
    Section,
)
from pipeline.explanation.separability import CONDITION_LIMIT, CORRELATION_LIMIT
from pipeline.explanation.variants import VARIANTS, default_variants
from pipeline.setting_limits import MAKES_NO_DIFFERENCE, AtLeast, AtMost

if TYPE_CHECKING:
    VariantName = str
else:
    # The names of the table; to a type checker any text.
    VariantName = Literal[tuple(VARIANTS)]


def _divides_one(step: float) -> float:
    """Refuse a step whose multiples do not meet 1, which no grid on the simplex has."""
    if abs(round(1 / step) * step - 1) > 1e-9:
        raise ValueError("a step that divides 1, such as 0.05, 0.1 or 0.2")
    return step


GridStep = Annotated[
    float,
    Field(le=0.5),
    AtLeast(1e-3, "0.001 has 501,501 points, each tried on all held-out pairs; at 1e-6 there are 500 billion"),
    AfterValidator(_divides_one),
]
Refits = Annotated[int, Field(ge=20), AtMost(10_000, "each fits the directions of all training images twice")]
SetShare = Annotated[float, Field(gt=0, le=1)]
GroupCondition = Annotated[float, Field(gt=1), MAKES_NO_DIFFERENCE]
Smoothing = Annotated[float, Field(ge=0), MAKES_NO_DIFFERENCE]


class ExplanationSettings(Section):
    """[explanation]: how an attribute is chosen."""

    variants: list[VariantName] = Field(default_variants(), description="rows of the tables")
    answer: Literal["auto"] | VariantName = Field(
        "auto",
        description="the variant that answers for pairs; auto: the one with the best matched effect on "
        "validation pairs",
    )
    presence: Literal["labels", "predicted"] = Field(
        "labels",
        description="what an answer is chosen among: the query's own labels (where it has any), or what is predicted "
        "from the image alone",
    )
    refits: Refits = Field(
        100, description="refits of attribute directions behind an answer's interval, and as many behind its p-value"
    )
    set_share: SetShare = Field(
        0.8,
        description="share of the joint effect of all candidates that the smallest set of attributes has to reach",
    )
    prior: Literal["count", "tcav"] = Field("count", description="the prior of prior_only")
    prior_measure: Literal["removal", "matched"] = Field(
        "removal", description="effect by which the count prior votes for a pair's best attribute (v1: removal)"
    )
    weights: Literal["grid", "papers"] | tuple[NumberFromZero, NumberFromZero, NumberFromZero] = Field(
        "grid",
        description="weights of confidence, map match and prior: grid searches them on validation pairs; papers: "
        "theirs for the dataset, nominal only; or three numbers",
    )
    weights_measure: Literal["matched", "removal"] = Field(
        "matched", description="mean effect that the grid's weights are chosen for"
    )
    prior_smoothing: Smoothing = Field(1.0, description="pseudo-count of each attribute")
    weight_grid_step: GridStep = Field(0.05, description="step of the simplex of weights; must divide 1")
    group_correlation: float = Field(
        CORRELATION_LIMIT,
        gt=0,
        le=1,
        description="attributes whose training labels correlate at least so much, with either sign, are one group",
    )
    group_condition: GroupCondition = Field(
        CONDITION_LIMIT,
        description="largest condition number of the training labels of groups; above it, dependent groups are merged",
    )
