"""Sets of masks that can be cut short, and maps of a query made of the passes of both images of a pair."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.area_pooling import pool_to_cells
from pipeline.randomness import derive_seed
from pipeline.saliency.correspondence.cell_effects import SMALLEST_COVERAGE
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, PAPERS
from pipeline.saliency.rise.masks import MaskDraws, draw_masks
from pipeline.saliency.rise.score_regression import ScoreRegression, prepare_regression, regress_maps, regress_together

KEEP = 0.5
REFERENCE_CELLS = 14
RISE, JOINT, COMPONENT = "RISE", "joint", "leading component"
MOST_DIRECTIONS = 3
METHODS = (RISE, JOINT, COMPONENT, *(f"rank {rank}" for rank in range(1, MOST_DIRECTIONS + 1)))

Floats = npt.NDArray[np.floating]


class CuttableMasks:
    """One set of masks of which the first of any listed number are a set of the scheme, too.

    Independent masks always are. Balanced ones are drawn in blocks, one for each step from a number to the next, each
    balanced with its complements; so the newest block and all before are two sets of the scheme without a mask in
    common.

    Args:
        scheme: of RISE.
        lengths: increasing numbers of masks, even.
        grid_cells: of the masks.
        image_size_px: side of the masks.
    """

    def __init__(self, scheme: str, lengths: Sequence[int], grid_cells: int, image_size_px: int) -> None:
        self.scheme, self.lengths, self.grid_cells = scheme, tuple(lengths), grid_cells
        self._blocks = blocks_of(lengths)
        if scheme == PAPERS:
            self.draws = draw_masks(0, lengths[-1], grid_cells, KEEP, image_size_px)
        else:
            drawn = [
                draw_masks(derive_seed(0, "block", start), stop - start, grid_cells, KEEP, image_size_px, True)
                for start, stop in self._blocks
            ]
            grids, shifts = (
                np.concatenate(parts) for parts in zip(*((d.grids_ncc, d.shifts_n2) for d in drawn), strict=True)
            )
            self.draws = replace(drawn[0], grids_ncc=grids, shifts_n2=shifts)

    def first(self, length: int) -> "MaskSubset":
        """Return the set of the first `length` masks, one of the listed numbers."""
        return self._subset([block for block in self._blocks if block[1] <= length])

    def halves(self, length: int) -> tuple["MaskSubset", "MaskSubset"]:
        """Return the masks before the newest block of the first `length`, and that block."""
        blocks = [block for block in self._blocks if block[1] <= length]
        return self._subset(blocks[:-1]), self._subset(blocks[-1:])

    def _subset(self, blocks: Sequence[tuple[int, int]]) -> "MaskSubset":
        if self.scheme == PAPERS:
            places = [np.arange(start, stop) for start, stop in blocks]
        else:
            places = [antithetic_places(blocks)]
        places_n = np.concatenate(places)
        draws = replace(self.draws, grids_ncc=self.draws.grids_ncc[places_n], shifts_n2=self.draws.shifts_n2[places_n])
        return MaskSubset(self.scheme, places_n, draws)


def blocks_of(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return (start, stop) of the blocks from each number of masks to the next."""
    borders = [0, *lengths]
    return list(zip(borders, borders[1:], strict=False))


def antithetic_places(blocks: Sequence[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the masks of blocks whose second halves are the complements of their first halves.

    All first members before all complements, as regression on half differences takes them.
    """
    middles = [(start + stop) // 2 for start, stop in blocks]
    first = [np.arange(start, middle) for (start, _), middle in zip(blocks, middles, strict=True)]
    complements = [np.arange(middle, stop) for (_, stop), middle in zip(blocks, middles, strict=True)]
    return np.concatenate([*first, *complements])


@dataclass(frozen=True)
class MaskSubset:
    """Some masks of a set, with what turns embeddings under them into effects and maps.

    Attributes:
        scheme: of RISE.
        places_n: int64 (mask,) which of the whole set, in the order in which the scheme takes them.
        draws: the masks.
    """

    scheme: str
    places_n: npt.NDArray[np.int64]
    draws: MaskDraws

    @cached_property
    def _regression(self) -> ScoreRegression:
        return prepare_regression(self.draws, KEEP, is_antithetic=True)

    @cached_property
    def _weights_np(self) -> npt.NDArray[np.float32]:
        masks_np: npt.NDArray[np.float32] = self.draws.render(0, len(self.draws)).flatten(1).numpy()
        coverage_p = masks_np.sum(axis=0, dtype=np.float64)
        weights_np: npt.NDArray[np.float32] = masks_np / np.maximum(coverage_p, SMALLEST_COVERAGE).astype(np.float32)
        return weights_np

    def effects(self, embeddings_nd: Floats) -> Floats:
        """Return float (D, y, x): what each pixel adds to the embedding, from embeddings under the whole set."""
        own_nd = embeddings_nd[self.places_n].astype(np.float64)
        if self.scheme == BALANCED_REGRESSION:
            return regress_together(own_nd, self._regression)
        side = self.draws.image_size_px
        averaged_dp: Floats = (own_nd - own_nd.mean(axis=0)).astype(np.float32).T @ self._weights_np
        return averaged_dp.reshape(-1, side, side)

    def rise_map(self, embeddings_nd: Floats, reference_d: Floats) -> Floats:
        """Return float (y, x): RISE's map of the image against a reference as it is."""
        scores_n = embeddings_nd[self.places_n].astype(np.float64) @ reference_d.astype(np.float64)
        if self.scheme == BALANCED_REGRESSION:
            regressed_hw: Floats = regress_maps(scores_n[:, None], self._regression)[0][0]
            return regressed_hw
        side = self.draws.image_size_px
        map_p: Floats = (scores_n - scores_n.mean()).astype(np.float32) @ self._weights_np
        return map_p.reshape(side, side)


def query_maps(masks: MaskSubset, query_nd: Floats, reference_nd: Floats, reference_d: Floats) -> Floats:
    """Return float (method, y, x) maps of the query in the order of METHODS.

    Args:
        masks: whose passes are used.
        query_nd: embeddings of the query under the whole set that `masks` belong to.
        reference_nd: of the reference likewise.
        reference_d: embedding of the reference as it is.
    """
    effects_dyx = masks.effects(query_nd)
    effects_pd = effects_dyx.reshape(len(effects_dyx), -1).T.astype(np.float64)
    cells_dvv = pool_to_cells(masks.effects(reference_nd), REFERENCE_CELLS)
    cells_vd = cells_dvv.reshape(len(cells_dvv), -1).T
    found = [
        np.maximum(effects_pd @ cells_vd.T, 0).sum(axis=1),
        leading_component(effects_pd, cells_vd),
        *low_rank_maps(effects_pd, reference_d, MOST_DIRECTIONS),
    ]
    maps_myx = np.stack(found).reshape(-1, *effects_dyx.shape[1:])
    return np.concatenate([masks.rise_map(query_nd, reference_d)[None], maps_myx])


def leading_component(effects_pd: Floats, cells_vd: Floats) -> Floats:
    """Return float64 (pixel,), the leading left singular vector of all joint effects, unit norm.

    As `match_components(effects_pd @ cells_vd.T, 1, "singular")` has it, signed so that the larger side of the pair
    of vectors points up, but without the matrix of pixels by cells.
    """
    basis_pd, within_dd = np.linalg.qr(effects_pd)
    basis_vd, reference_dd = np.linalg.qr(cells_vd)
    left_dk, _, right_kd = np.linalg.svd(within_dd @ reference_dd.T)
    query_p: Floats = basis_pd @ left_dk[:, 0]
    reference_v = basis_vd @ right_kd[0]
    larger = max(query_p.sum(), reference_v.sum(), key=abs)
    return -query_p if larger < 0 else query_p


def low_rank_maps(effects_pd: Floats, reference_d: Floats, most: int) -> list[Floats]:
    """Return RISE's map against the reference, from effects cut to their 1 to `most` leading singular directions."""
    _, axes_dk = np.linalg.eigh(effects_pd.T @ effects_pd)
    leading_dk = axes_dk[:, ::-1][:, :most]
    along_pk = (effects_pd @ leading_dk) * (reference_d.astype(np.float64) @ leading_dk)
    return list(np.cumsum(along_pk, axis=1).T)
