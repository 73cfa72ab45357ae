"""Do maps of both sides of a match find its causes, and do they tell which part goes with which?

A cause is an attribute that both images have and whose edit moves the score. Rendered items say which pixels it
occupies in each image. Must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import zoom

from pipeline.area_pooling import pool_to_cells
from pipeline.evaluation.audit.localisation import map_auroc, pointing_hit, scored_regions
from pipeline.saliency.controls.blob import centre_blob
from pipeline.saliency.correspondence.components import MatchComponents
from pipeline.saliency.correspondence.interaction import counterpart_map, joint_maps, row_map

# Two causes that cover the same pixels of the query cannot be told apart by where they are.
LARGEST_OVERLAP = 0.3

Region = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AuditedMatch:
    """One pair as it is explained from both sides; maps over cells, row by row.

    Attributes:
        joint_uv: float64 (query cell, reference cell).
        query_u: one-sided map of the query.
        reference_v: one-sided map of the reference.
        components: of the pair, at least one.
    """

    joint_uv: npt.NDArray[np.float64]
    query_u: npt.NDArray[np.floating]
    reference_v: npt.NDArray[np.floating]
    components: MatchComponents


@dataclass(frozen=True)
class Located:
    """How well one map finds one cause in one image; see map_auroc and pointing_hit."""

    map: str
    side: str
    auroc: float
    pointing_hit: float


def located_cause(match: AuditedMatch, query_hw: Region, reference_hw: Region) -> list[Located]:
    """Return how well each map of the pair finds a cause, given where it is in both images.

    Maps, on both sides: `one_sided` (RISE's), `joint` (see joint_maps), `leading_component`, `matching_component` (the
    component whose region in the query finds the cause best; in the reference it had no help), `centre` (a blob). In
    the reference also `row`, the joint effects of the query's true region.

    Empty where either region covers nothing or more than half of its image.
    """
    if not are_scored(query_hw, reference_hw):
        return []
    joint_u, joint_v = joint_maps(match.joint_uv)
    parts = match.components
    size_px = query_hw.shape[0]
    blob = centre_blob(size_px, size_px)
    of_query = [map_auroc(on_pixels(region, size_px), query_hw) for region in parts.query_ku]
    matching = int(np.argmax(of_query))
    row_v = row_map(match.joint_uv, on_cells(query_hw, match.query_u.size))
    sides = {
        "query": (
            query_hw,
            {
                "one_sided": match.query_u,
                "joint": joint_u,
                "leading_component": parts.query_ku[0],
                "matching_component": parts.query_ku[matching],
            },
        ),
        "reference": (
            reference_hw,
            {
                "one_sided": match.reference_v,
                "joint": joint_v,
                "leading_component": parts.reference_kv[0],
                "matching_component": parts.reference_kv[matching],
                "row": row_v,
            },
        ),
    }
    found = []
    for side, (region_hw, maps) in sides.items():
        on_image = {name: on_pixels(map_c, size_px) for name, map_c in maps.items()} | {"centre": blob}
        found += [
            Located(name, side, map_auroc(map_hw, region_hw), pointing_hit(map_hw, region_hw))
            for name, map_hw in on_image.items()
        ]
    return found


def are_scored(query_hw: Region, reference_hw: Region) -> bool:
    """Return whether a cause's regions count in both images: not empty, at most half."""
    return bool(scored_regions(np.array([query_hw.mean(), reference_hw.mean()])).all())


@dataclass(frozen=True)
class ToldApart:
    """Whether two causes of a pair are told apart; shares of 0, 0.5 or 1.

    Attributes:
        by_region: of the two causes, given the cause's own pixels of the query, the share whose counterpart map lies
            higher on the cause's own pixels of the reference than on the other cause's.
        by_components: 1 where the component that prefers the first cause in the query, and the one that prefers the
            second, are two, and prefer them in the reference, too.
    """

    by_region: float
    by_components: float


def told_apart(
    match: AuditedMatch, query_hw: tuple[Region, Region], reference_hw: tuple[Region, Region]
) -> ToldApart | None:
    """Return whether the pair's two causes are told apart; None where pixels cannot tell.

    Pixels that both causes cover in an image are left out. None where the two cover too much of the same in the query,
    or one has no pixels of its own in either image.

    Args:
        match: the pair.
        query_hw: where the first and the second cause are in the query.
        reference_hw: where they are in the reference.
    """
    both, either = (query_hw[0] & query_hw[1]).sum(), (query_hw[0] | query_hw[1]).sum()
    if either == 0 or both / either >= LARGEST_OVERLAP:
        return None
    own_query, own_reference = _without_each_other(query_hw), _without_each_other(reference_hw)
    if not all(region.any() for region in (*own_query, *own_reference)):
        return None
    cells, size_px = match.query_u.size, query_hw[0].shape[0]
    right = []
    for number, own_hw in enumerate(own_query):
        map_hw = on_pixels(counterpart_map(match.joint_uv, on_cells(own_hw, cells)), size_px)
        right.append(map_hw[own_reference[number]].mean() > map_hw[own_reference[1 - number]].mean())
    query_k = _preference(match.components.query_ku, own_query, size_px)
    reference_k = _preference(match.components.reference_kv, own_reference, size_px)
    first, second = int(query_k.argmax()), int(query_k.argmin())
    paired = first != second and reference_k[first] > reference_k[second]
    return ToldApart(float(np.mean(right)), float(paired))


def on_pixels(map_c: npt.NDArray[np.floating], size_px: int) -> npt.NDArray[np.float64]:
    """Return a map over cells, row by row, as float64 (y, x): bilinear between the cells' middles."""
    side = round(map_c.size**0.5)
    grid = map_c.reshape(side, side).astype(np.float64)
    return zoom(grid, size_px / side, order=1, mode="nearest", grid_mode=True)  # type: ignore[no-any-return]


def on_cells(region_hw: Region, cells: int) -> npt.NDArray[np.float64]:
    """Return the share of each cell that a region covers, float64 (cell,), row by row."""
    return pool_to_cells(region_hw[None].astype(np.float64), round(cells**0.5)).ravel()


def _without_each_other(regions: tuple[Region, Region]) -> tuple[Region, Region]:
    return regions[0] & ~regions[1], regions[1] & ~regions[0]


def _preference(regions_kc: npt.NDArray[np.float64], causes: tuple[Region, Region], size_px: int) -> np.ndarray:
    """Return how much more each component lies on the first cause than on the second, (component,)."""
    maps = [on_pixels(region, size_px) for region in regions_kc]
    return np.array([map_hw[causes[0]].mean() - map_hw[causes[1]].mean() for map_hw in maps])


def as_columns(located: list[Located]) -> list[Mapping[str, float | str | None]]:
    """Return rows of what was found, NaN as None."""
    return [
        {
            "map": one.map,
            "side": one.side,
            "auroc": None if np.isnan(one.auroc) else one.auroc,
            "pointing_hit": None if np.isnan(one.pointing_hit) else one.pointing_hit,
        }
        for one in located
    ]
