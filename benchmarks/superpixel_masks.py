"""Soft masks whose cells are an image's own superpixels, in sets that can be cut short, and maps by regression on them.

Superpixels by SLIC (Achanta et al. 2012, as in scikit-image), each blurred, so that edges are soft as those of RISE's
cells; kept and removed in balanced pairs of complements (see balanced_grids). The masks are not shifted: their edges
follow the image. A map has as many degrees of freedom as there are superpixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter
from skimage.segmentation import slic

from benchmarks.joint_map_methods import KEEP, Floats, antithetic_places, blocks_of
from pipeline.randomness import derive_seed
from pipeline.saliency.rise.mask_designs import balanced_grids
from pipeline.saliency.rise.score_regression import ScoreRegression, regress_maps

COMPACTNESS = 10.0
# The standard deviation of the blur as a share of a cell's side: RISE's cells fade over about one cell.
SOFTNESS = 0.25


@dataclass(frozen=True)
class CellMasks:
    """Masks that keep some cells of given shapes; see MaskSource.

    Attributes:
        cells_cyx: float32 (cell, y, x) weights that sum to 1 over cells.
        is_kept_nc: bool (mask, cell).
    """

    cells_cyx: npt.NDArray[np.float32]
    is_kept_nc: npt.NDArray[np.bool_]

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return int(self.cells_cyx.shape[1])

    def __len__(self) -> int:
        return len(self.is_kept_nc)

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource."""
        kept_nc = torch.tensor(self.is_kept_nc[start:stop], dtype=torch.float32, device=device)
        masks_nyx: torch.Tensor = torch.tensordot(kept_nc, torch.tensor(self.cells_cyx, device=device), dims=1)
        return masks_nyx if channels == 1 else masks_nyx.repeat_interleave(channels, dim=2)


class SuperpixelMasks:
    """Masks of one image, of which the first of any listed number are a set of the same kind.

    Args:
        cells_cyx: see soft_superpixels.
        lengths: increasing even numbers of masks.
    """

    def __init__(self, cells_cyx: npt.NDArray[np.float32], lengths: Sequence[int]) -> None:
        side = int(np.ceil(np.sqrt(len(cells_cyx))))
        self.lengths, self._blocks = tuple(lengths), blocks_of(lengths)
        grids = [
            balanced_grids(derive_seed(0, "block", start), stop - start, side, KEEP) for start, stop in self._blocks
        ]
        # Any columns of a balanced design are balanced.
        is_kept_nc = np.concatenate([grid.reshape(len(grid), -1)[:, : len(cells_cyx)] for grid in grids])
        self.masks = CellMasks(cells_cyx, is_kept_nc)

    def rise_map(self, scores_n: Floats, length: int) -> Floats:
        """Return float (y, x), the map of the first `length` masks, from the scores of all."""
        places_n = antithetic_places([block for block in self._blocks if block[1] <= length])
        regression = cell_regression(self.masks.is_kept_nc[places_n], self.masks.cells_cyx)
        found: Floats = regress_maps(scores_n[places_n, None], regression)[0][0]
        return found


def soft_superpixels(pixels_hwc: npt.NDArray[np.uint8], cells: int) -> npt.NDArray[np.float32]:
    """Return float32 (superpixel, y, x): soft superpixels that sum to 1 at every pixel, about `cells` of them.

    Args:
        pixels_hwc: uint8 (y, x, 3), square.
        cells: about how many; SLIC merges what is too small.
    """
    labels_hw = slic(pixels_hwc, n_segments=cells, compactness=COMPACTNESS, start_label=0)
    sigma_px = SOFTNESS * len(pixels_hwc) / np.sqrt(cells)
    of_cells = [(labels_hw == label).astype(np.float32) for label in np.unique(labels_hw)]
    return np.stack([gaussian_filter(cell_hw, sigma_px) for cell_hw in of_cells])


def cell_regression(is_kept_nc: npt.NDArray[np.bool_], cells_cyx: npt.NDArray[np.float32]) -> ScoreRegression:
    """Return the regression on which cells are kept, the second half of the masks being complements of the first.

    As prepare_regression: the map is the covariance of a pixel's mask value with the fitted score, divided by the mean
    of the masks. Of independent cells that is (1 - p) sum_c W_c(x) b_c.
    """
    half = len(is_kept_nc) // 2
    left_nr, singular_r, right_rc = np.linalg.svd(is_kept_nc[:half] - KEEP, full_matrices=False)
    maps_rp = (1 - KEEP) * right_rc @ cells_cyx.reshape(len(cells_cyx), -1)
    return ScoreRegression(True, left_nr, singular_r, maps_rp, cells_cyx.shape[1])
