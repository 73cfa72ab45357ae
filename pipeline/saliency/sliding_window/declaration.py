"""The sliding window as the rest of the program knows it: its settings, modes and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import doc

from pipeline.saliency.declaration import BOTH, FIXED, GeneratorDeclaration, MapPasses, values_of
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.sliding_window.geometry import (
    PAPERS,
    QUERY_WINDOWS_AT_THE_EDGE,
    REFERENCE_WINDOWS_AT_THE_EDGE,
    WINDOW_SIDES,
    fewest_windows,
)
from pipeline.saliency.spec_fields import Positive
from pipeline.setting_limits import AtMost

MOST_WINDOWS = AtMost(1024, "a million forward passes for one image; no image has more pixels along a side")


@dataclass(frozen=True)
class SlidingWindowSpec:
    """Settings of the sliding window; windows have 39 / 112 ("papers") or 32 / 112 of the image's side.

    Attributes:
        fill: what removed pixels become.
    """

    geometry: Annotated[
        Literal["papers", "authors_code"],
        doc(
            "papers: windows of 12 % of the area, a pixel's value is their mean drop; authors_code: 8 %, and a value "
            "per window, enlarged"
        ),
    ] = "papers"
    windows_per_side: Annotated[
        Positive, MOST_WINDOWS, doc("windows along each axis of the query; N is their square")
    ] = 25
    reference_windows_per_side: Annotated[
        Positive, MOST_WINDOWS, doc("the same of the reference, mode both; M is its square")
    ] = 6
    fill: Fill = MEAN


def _depends_on(spec: SlidingWindowSpec, mode: str, _supervises: bool) -> dict[str, Any]:
    of_references = ("reference_windows_per_side",) if mode == BOTH else ()
    return values_of(spec, "geometry", "windows_per_side", *of_references)


def _query_perturbations(spec: SlidingWindowSpec) -> int:
    # Drops count from the score of the whole query, which the authors' geometry does without.
    return spec.windows_per_side**2 + int(spec.geometry == PAPERS)


def _passes(spec: SlidingWindowSpec, mode: str, references_q: Sequence[int], are_kept: bool) -> MapPasses:
    of_queries = 0 if are_kept else len(references_q) * _query_perturbations(spec)
    return MapPasses(of_queries + (sum(references_q) * spec.reference_windows_per_side**2 if mode == BOTH else 0))


def _problem(spec: SlidingWindowSpec) -> str | None:
    """Return which of the two images has too few windows to cover every pixel."""
    side = WINDOW_SIDES[spec.geometry]
    for name, at_the_edge in (
        ("windows_per_side", QUERY_WINDOWS_AT_THE_EDGE),
        ("reference_windows_per_side", REFERENCE_WINDOWS_AT_THE_EDGE),
    ):
        fewest = fewest_windows(side, at_the_edge)
        if getattr(spec, name) < fewest:
            return f"{name} must be at least {fewest} for windows of {side}/112 of the image's side"
    return None


SLIDING_WINDOW = GeneratorDeclaration(
    name="sliding_window",
    title="sliding window",
    module="pipeline.saliency.sliding_window.maps",
    spec=SlidingWindowSpec,
    modes=(FIXED, BOTH),
    modes_meaning="fixed: only the query is manipulated; both: the reference as well",
    depends_on=_depends_on,
    passes=_passes,
    query_perturbations=_query_perturbations,
    problem=_problem,
)
