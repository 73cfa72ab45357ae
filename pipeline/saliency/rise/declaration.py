"""RISE as the rest of the program knows it: its settings, modes and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Gt, Lt, doc

from pipeline.saliency.declaration import BOTH, FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.spec_fields import Positive
from pipeline.setting_limits import AtMost

# Both images are taken as in mode fixed; the score is that of the match less those of the foils.
FOIL = "foil"
MOST_FOILS = AtMost(10_000, "each is another image of the split, named in a table by every pair")
MOST_MASKS = AtMost(1_000_000, "each is a forward pass: at 1,000 a second so many take 17 minutes for one image")
MOST_CELLS = AtMost(1024, "no image has more pixels along a side")
BYTES_A_RANDOM_NUMBER = 8
MOST_DRAW_BYTES = 8e9


@dataclass(frozen=True)
class RiseSpec:
    """Settings of RISE.

    Attributes:
        seed: of the masks.
        fill: what removed pixels become.
    """

    masks: Annotated[Positive, MOST_MASKS, doc("N: masks (and forward passes) per test query")] = 2000
    supervision_masks: Annotated[Positive, MOST_MASKS, doc("N for training and validation queries")] = 2000
    reference_masks: Annotated[Positive, MOST_MASKS, doc("M: masks (and forward passes) per reference, mode both")] = 30
    foils: Annotated[Positive, MOST_FOILS, doc("images that do not match, nearest to the query, of mode foil")] = 5
    grid_cells: Annotated[Positive, MOST_CELLS, doc("cells along a side of a mask's coarse grid")] = 8
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
        **(values_of(spec, "foils") if mode == FOIL else {}),
    }


def _problem(spec: RiseSpec) -> str | None:
    """Return what mask_designs refuses of a scheme, or what takes more memory than a machine has."""
    is_balanced = spec.scheme == "balanced_regression"
    for name in ("masks", "supervision_masks"):
        masks, cells = getattr(spec, name), spec.grid_cells**2
        if is_balanced and (masks % 2 or spec.keep_probability != 0.5):
            return f"an even number of {name} and keep_probability 0.5 with scheme balanced_regression"
        # As balanced_grids makes it: a square matrix, and a copy while it grows.
        order = 1 << max(masks // 2 - 1, cells).bit_length()
        draw_bytes = 2 * order**2 if is_balanced else masks * cells * BYTES_A_RANDOM_NUMBER
        if draw_bytes > MOST_DRAW_BYTES:
            return (
                f"{name} {masks} on {spec.grid_cells} grid_cells a side take {draw_bytes / 1e9:.0f} GB while they are "
                f"drawn, of {MOST_DRAW_BYTES / 1e9:.0f} GB at most; lower one of them"
            )
    return None


def _problem_at_size(spec: RiseSpec, image_size_px: int) -> str | None:
    if spec.grid_cells > image_size_px:
        return f"at most {image_size_px} saliency.rise.grid_cells, as many as dataset.image_size_px"
    return None


def _passes(spec: RiseSpec, mode: str, references_q: Sequence[int], are_kept: bool) -> MapPasses:
    of_queries = 0 if are_kept else len(references_q) * spec.masks
    return MapPasses(of_queries + (sum(references_q) * spec.reference_masks if mode == BOTH else 0))


RISE = GeneratorDeclaration(
    name="rise",
    title="RISE",
    module="pipeline.saliency.rise.maps",
    spec=RiseSpec,
    modes=(FIXED, BOTH, FOIL),
    modes_meaning="fixed: only the query is manipulated; both: the reference as well; foil: fixed, of the score less "
    "its mean against the nearest images that do not match",
    depends_on=_depends_on,
    passes=_passes,
    query_perturbations=lambda spec: spec.masks,
    negatives={FOIL: "foils"},
    asked_modes=(FOIL,),
    problem=_problem,
    problem_at_size=_problem_at_size,
    can_supervise=True,
)
