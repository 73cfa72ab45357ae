"""What each cell of an image adds to its embedding, from its embeddings under masks: one array serves all its pairs.

E_u = sum_i (z_i - mean z) M_i(u) / sum_i M_i(u), a vector of the embedding's length for each cell u, where z_i is the
embedding under mask i and M_i(u) the mean of the mask over the cell. The dot product with a reference's embedding is
RISE's map of the pair on the cells; the dot product with a cell of the reference is what both cells do together.

Source: this project's own (the weighted mean is RISE's, v1 section 3.2, of a vector instead of a score).
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.area_pooling import pool_to_cells
from pipeline.errors import BadSetting
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, REDUCTION_BATCH_MASKS, query_masks
from pipeline.saliency.rise.masks import MaskDraws
from pipeline.saliency.rise.score_regression import ScoreRegression, prepare_regression, regress_together

SMALLEST_COVERAGE = 1e-12


class CellEffects:
    """Turns embeddings of an image under RISE's masks into effects of its cells; prepared once for all images.

    Args:
        spec: RISE's settings; its scheme says whether effects are averaged or regressed.
        image_size_px: side of the images.
        cells: cells along a side of the grid.

    Raises:
        BadSetting: more cells than pixels, fewer than one, or see query_masks.
    """

    def __init__(self, spec: RiseSpec, image_size_px: int, cells: int) -> None:
        if not 1 <= cells <= image_size_px:
            raise BadSetting(
                expected=f"1 to {image_size_px} cells along a side, as many as dataset.image_size_px",
                found=str(cells),
                where="saliency.correspondence.cells",
                remedy="lower it",
            )
        masks = query_masks(spec, image_size_px)
        self._perturbations = len(masks)
        self._regression: ScoreRegression | None = None
        if spec.scheme == BALANCED_REGRESSION:
            self._regression = _on_cells(prepare_regression(masks, spec.keep_probability, is_antithetic=True), cells)
        else:
            self._weights_un = averaging_weights(masks_on_cells(masks, cells))

    def of(self, embeddings_nd: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return float64 (cell, D) effects of an image's cells, row by row of the grid.

        Args:
            embeddings_nd: (perturbation, D) in the order of query_masks, unit norm; under a condition projected first.

        Raises:
            BadSetting: not one embedding for each mask.
        """
        if embeddings_nd.ndim != 2 or len(embeddings_nd) != self._perturbations:
            raise BadSetting(
                expected=f"perturbed embeddings (mask, D) of {self._perturbations} masks",
                found=f"shape {embeddings_nd.shape}",
                where="effects of an image's cells",
                remedy="make them with the settings of saliency.rise",
            )
        embeddings_nd = embeddings_nd.astype(np.float64)
        if self._regression is not None:
            maps_dyx = regress_together(embeddings_nd, self._regression)
            effects_ud: npt.NDArray[np.float64] = maps_dyx.reshape(len(maps_dyx), -1).T
            return effects_ud
        averaged_ud: npt.NDArray[np.float64] = self._weights_un @ (embeddings_nd - embeddings_nd.mean(axis=0))
        return averaged_ud


def averaging_weights(masks_nu: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 (cell, mask): a mask's value at each cell as a share of all masks' there.

    Args:
        masks_nu: (mask, cell) values from 0 to 1.
    """
    weights_un: npt.NDArray[np.float64] = masks_nu.T / np.maximum(masks_nu.sum(axis=0), SMALLEST_COVERAGE)[:, None]
    return weights_un


def masks_on_cells(masks: MaskDraws, cells: int) -> npt.NDArray[np.float64]:
    """Return float64 (mask, cell), the mean of each mask over each cell of the grid, row by row."""
    batches = [
        pool_to_cells(masks.render(start, min(start + REDUCTION_BATCH_MASKS, len(masks))).numpy(), cells)
        for start in range(0, len(masks), REDUCTION_BATCH_MASKS)
    ]
    return np.concatenate(batches).reshape(len(masks), cells**2)


def _on_cells(regression: ScoreRegression, cells: int) -> ScoreRegression:
    """Return the same regression with maps on cells: they are linear in what each component means on pixels."""
    side = regression.size_px
    pooled = pool_to_cells(regression.maps_rp.reshape(-1, side, side), cells)
    return replace(regression, maps_rp=pooled.reshape(len(pooled), -1), size_px=cells)
