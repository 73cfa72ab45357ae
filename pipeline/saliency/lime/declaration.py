"""LIME as the rest of the program knows it: its settings and cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, doc

from pipeline.saliency.declaration import FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.fill import BLACK, Fill
from pipeline.setting_limits import MAKES_NO_DIFFERENCE, AtLeast, AtMost

MOST_SAMPLES = AtMost(1_000_000, "with 50 superpixels the samples of one query take 0.4 GB, and each is a forward pass")
NARROWEST_KERNEL = AtLeast(1e-3, "no sample but the whole image would have any weight")


@dataclass(frozen=True)
class SuperpixelSpec:
    """Settings of quickshift, as scikit-image names and means them.

    `kernel_size` is the width of the Gaussian that estimates density, at the papers' size of 112 px: unscaled, the
    smaller an image is, the fewer superpixels it would fall into. `max_dist` is in px and colour at once.
    """

    kernel_size: Annotated[
        float,
        Ge(1),
        AtMost(112, "the Gaussian would be wider than the image, and each pixel take seconds"),
        doc("quickshift's, in px at a side of 112 px, scaled with the image: larger means fewer superpixels"),
    ] = 4.0
    max_dist: Annotated[float, Gt(0), MAKES_NO_DIFFERENCE, doc("quickshift's: larger means fewer superpixels")] = 200.0
    ratio: Annotated[float, Ge(0), Le(1), doc("quickshift's weight of colour against position")] = 0.2


@dataclass(frozen=True)
class LimeSpec:
    """Settings of LIME.

    Attributes:
        superpixels: how the image is divided.
        seed: of the samples.
        fill: what pixels of superpixels that are off become.
    """

    samples: Annotated[
        int, Ge(10), MOST_SAMPLES, doc("N: images with superpixels on and off, the whole image among them")
    ] = 1000
    kernel_width: Annotated[
        float, NARROWEST_KERNEL, MAKES_NO_DIFFERENCE, doc("of the samples' weights, in cosine distance")
    ] = 0.25
    regression: Annotated[Literal["lasso", "ridge"], doc("lasso zeroes superpixels that explain nothing")] = "lasso"
    selection: Annotated[Literal["bic", "cross_validation"], doc("what chooses lasso's penalty")] = "bic"
    ridge_alpha: Annotated[float, Gt(0), MAKES_NO_DIFFERENCE, doc("ridge's penalty")] = 1.0
    superpixels: SuperpixelSpec = field(default_factory=SuperpixelSpec)
    seed: int = 0
    fill: Fill = BLACK


def _depends_on(spec: LimeSpec, _mode: str, _supervises: bool) -> dict[str, Any]:
    # Only what the regression in use looks at.
    chosen = "selection" if spec.regression == "lasso" else "ridge_alpha"
    return {
        **values_of(spec, "samples", "kernel_width", "regression", chosen),
        "superpixels": values_of(spec.superpixels, "kernel_size", "max_dist", "ratio"),
    }


def _passes(spec: LimeSpec, _mode: str, references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    # Samples that repeat an earlier one cost nothing: n superpixels have 2^n at most.
    return MapPasses(len(references_q) * spec.samples, is_upper_bound=True)


LIME = GeneratorDeclaration(
    name="lime",
    title="LIME",
    module="pipeline.saliency.lime.maps",
    spec=LimeSpec,
    modes=(FIXED,),
    modes_meaning="fixed: only the query is manipulated; both is not defined for LIME",
    depends_on=_depends_on,
    passes=_passes,
    notes=3,
)
