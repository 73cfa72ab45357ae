"""RISE as the rest of the program knows it: its settings, modes and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Gt, Lt, doc

from pipeline.saliency.declaration import BOTH, FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.spec_fields import Positive


@dataclass(frozen=True)
class RiseSpec:
    """Settings of RISE.

    Attributes:
        seed: of the masks.
        fill: what removed pixels become.
    """

    masks: Annotated[Positive, doc("N: masks (and forward passes) per test query")] = 2000
    supervision_masks: Annotated[Positive, doc("N for training and validation queries")] = 2000
    reference_masks: Annotated[Positive, doc("M: masks (and forward passes) per reference, mode both")] = 30
    grid_cells: Annotated[Positive, doc("cells along a side of a mask's coarse grid")] = 8
    keep_probability: Annotated[float, Gt(0), Lt(1), doc("chance that a cell is kept")] = 0.5
    scheme: Annotated[
        Literal["papers", "balanced_regression"],
        doc(
            "papers: independent masks and their weighted mean; balanced_regression: masks with their complements and "
            "a regression, for about 0.4 times as many masks (an even number, keep_probability 0.5)"
        ),
    ] = "papers"
    seed: int = 0
    fill: Fill = MEAN


def _depends_on(spec: RiseSpec, mode: str, supervises: bool) -> dict[str, Any]:
    return {
        "masks": spec.supervision_masks if supervises else spec.masks,
        **values_of(spec, "grid_cells", "keep_probability", "scheme"),
        **(values_of(spec, "reference_masks") if mode == BOTH else {}),
    }


def _passes(spec: RiseSpec, mode: str, references_q: Sequence[int], are_kept: bool) -> MapPasses:
    of_queries = 0 if are_kept else len(references_q) * spec.masks
    return MapPasses(of_queries + (sum(references_q) * spec.reference_masks if mode == BOTH else 0))


RISE = GeneratorDeclaration(
    name="rise",
    title="RISE",
    module="pipeline.saliency.rise.maps",
    spec=RiseSpec,
    modes=(FIXED, BOTH),
    modes_meaning="fixed: only the query is manipulated; both: the reference as well",
    depends_on=_depends_on,
    passes=_passes,
    query_perturbations=lambda spec: spec.masks,
    can_supervise=True,
)
