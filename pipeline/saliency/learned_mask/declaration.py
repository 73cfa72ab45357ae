"""Mask as the rest of the program knows it: its settings, modes and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, doc

from pipeline.saliency.declaration import BOTH, FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.fill import BLUR, Fill
from pipeline.saliency.spec_fields import Positive, Requirement
from pipeline.setting_limits import FIXED_STEPS, IMAGES_AT_ONCE, IN_FLOAT32, MAKES_NO_DIFFERENCE, AtMost

MOST_CELLS = AtMost(1024, "no image has more pixels along a side")
WIDEST_BLUR = AtMost(513, "the median filter takes no wider window")
ODD = Requirement(lambda value: value % 2 == 1, "an odd number of pixels, so that the window has a centre")


@dataclass(frozen=True)
class MaskSpec:
    """How a mask is learned.

    A pair stops when the mean loss of its last `patience` iterations is not lower by `tolerance` than that of as many
    before, looked at every `patience` iterations. Noise is in units of normalised images, `blur_px` in pixels at the
    model's resolution. Fewer pairs than `pairs_per_batch` are optimised together where the scorer's batch is smaller.

    Attributes:
        seed: of the noise.
        fill: what removed pixels become; "blur" is the median of `blur_px`, this generator's own.
    """

    iterations: Annotated[Positive, FIXED_STEPS, doc("steps of Adam")] = 500
    learning_rate: Annotated[float, Gt(0), IN_FLOAT32, doc("Adam's")] = 0.1
    mask_cells: Annotated[int, Ge(2), MOST_CELLS, doc("cells along a side of the mask, the map's own resolution")] = 14
    sparsity_weight: Annotated[float, Ge(0), IN_FLOAT32, doc("weight of mean |1 - m|")] = 0.01
    smoothness_weight: Annotated[
        float, Ge(0), IN_FLOAT32, doc("weight of the mask's total variation, with exponent 3")
    ] = 0.2
    noise_deviation: Annotated[float, Ge(0), IN_FLOAT32, doc("of the noise on manipulated images, once normalised")] = (
        0.2
    )
    blur_px: Annotated[int, Ge(1), WIDEST_BLUR, ODD, doc("odd side of the median's window")] = 11
    pairs_per_batch: Annotated[Positive, IMAGES_AT_ONCE, doc("pairs optimised together; changes rounding only")] = 32
    patience: Annotated[
        Annotated[int, Ge(1), FIXED_STEPS] | None,
        doc("iterations over which a pair's mean loss must fall, or it stops; empty: all iterations"),
    ] = None
    tolerance: Annotated[
        float, Ge(0), MAKES_NO_DIFFERENCE, doc("least fall of the mean loss over `patience` iterations")
    ] = 1e-3
    seed: int = 0
    fill: Fill = BLUR


def _depends_on(spec: MaskSpec, _mode: str, _supervises: bool) -> dict[str, Any]:
    values = values_of(
        spec,
        "iterations",
        "learning_rate",
        "mask_cells",
        "sparsity_weight",
        "smoothness_weight",
        "noise_deviation",
        *(("blur_px",) if spec.fill == BLUR else ()),
        "pairs_per_batch",
        "patience",
    )
    # Without patience there is nothing to tolerate.
    return {**values, **(values_of(spec, "tolerance") if spec.patience else {})}


def _passes(spec: MaskSpec, mode: str, references_q: Sequence[int], _are_kept: bool) -> MapPasses:
    images = sum(references_q) * (2 if mode == BOTH else 1)
    return MapPasses(0, images * spec.iterations, is_upper_bound=spec.patience is not None)


MASK = GeneratorDeclaration(
    name="mask",
    title="Mask",
    module="pipeline.saliency.learned_mask.maps",
    spec=MaskSpec,
    modes=(FIXED, BOTH),
    modes_meaning="fixed: only the query is manipulated; both: the reference as well, jointly",
    depends_on=_depends_on,
    passes=_passes,
    notes=5,
    is_white_box=True,
)
