"""RISE masks: coarse random grids, upsampled smoothly and shifted (v1 section 3.2; Petsiuk et al., 2018).

The draws (a few bytes a mask) are made once; the masks themselves are rebuilt batch by batch wherever they are
needed, so memory does not grow with their number. Rebuilding costs two small matrix products a mask.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from pipeline.device_transfer import send
from pipeline.errors import BadSetting
from pipeline.randomness import keyed_rng
from pipeline.saliency.rise.mask_designs import balanced_grids, independent_grids


@dataclass(frozen=True)
class MaskDraws:
    """The random part of N masks.

    Attributes:
        grids_ncc: bool (mask, cell y, cell x), True where the image is kept.
        shifts_n2: int64 (mask, 2), crop offsets (y, x) in px, 0 to cell_size_px - 1.
        cell_size_px: ceil(image size / cells).
        image_size_px: side of the masks.
    """

    grids_ncc: np.ndarray
    shifts_n2: np.ndarray
    cell_size_px: int
    image_size_px: int

    def __len__(self) -> int:
        return len(self.grids_ncc)

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource and render_masks."""
        return render_masks(self, start, stop, device, channels)


def draw_masks(
    seed: int,
    n_masks: int,
    grid_cells: int,
    keep_probability: float,
    image_size_px: int,
    is_balanced: bool = False,
) -> MaskDraws:
    """Return the draws of N masks; the first n of a longer set are the set of n, but for balanced ones.

    All queries share one set, as in the original RISE: a mask is an item keyed by (seed, index).

    Args:
        seed: keys the draws.
        n_masks: N.
        grid_cells: cells along a side of the coarse grid.
        keep_probability: chance that a cell is kept.
        image_size_px: side of the masks.
        is_balanced: the second half are the complements of the first, at the same shifts, see balanced_grids.

    Raises:
        BadSetting: fewer than one mask or cell, a probability outside (0, 1), more cells than pixels, or a balanced
            set of an odd number of masks or of another probability than a half.
    """
    if n_masks < 1 or not 1 <= grid_cells <= image_size_px or not 0 < keep_probability < 1:
        raise BadSetting(
            expected=f"masks >= 1, 1 <= grid_cells <= {image_size_px}, 0 < keep_probability < 1",
            found=f"masks {n_masks}, grid_cells {grid_cells}, keep_probability {keep_probability}",
            where="saliency.rise",
            remedy="correct the setting",
        )
    cell_size_px = -(-image_size_px // grid_cells)
    shifts_n2 = (keyed_rng(seed, "mask shifts").random((n_masks, 2)) * cell_size_px).astype(np.int64)
    if is_balanced:
        grids = balanced_grids(seed, n_masks, grid_cells, keep_probability)
        shifts_n2 = np.tile(shifts_n2[: n_masks // 2], (2, 1))
    else:
        grids = independent_grids(seed, n_masks, grid_cells, keep_probability)
    return MaskDraws(grids, shifts_n2, cell_size_px, image_size_px)


def render_masks(draws: MaskDraws, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
    """Return float32 masks start to stop (mask, y, x * channels), values 0 (removed) to 1 (kept).

    A grid of c x c cells is upsampled bilinearly (half-pixel centres, clamped at the border, as torch does)
    to (c + 1) * cell_size_px and cropped to the image at the mask's shift. Bilinear upsampling is separable,
    so the crop of the upsampled grid is rows(shift y) @ grid @ rows(shift x) transposed.

    Args:
        draws: the masks' random part.
        start: first mask.
        stop: one past the last.
        device: where the masks are made.
        channels: each value is repeated this often along x, to multiply interleaved channels at full speed.
    """
    cells = draws.grids_ncc.shape[1]
    weights_uc = send(_upsampling_weights(cells, (cells + 1) * draws.cell_size_px), device)
    offsets = torch.arange(draws.image_size_px, device=device)
    shifts = send(draws.shifts_n2[start:stop], device)
    rows_nyc = weights_uc[shifts[:, 0, None] + offsets]
    columns_nxc = weights_uc[shifts[:, 1, None] + offsets.repeat_interleave(channels)]
    grids = send(draws.grids_ncc[start:stop], device).float()
    return torch.bmm(torch.bmm(rows_nyc, grids), columns_nxc.transpose(1, 2))


def mask_values_by_cell(draws: MaskDraws) -> torch.Tensor:
    """Return float32 (shift, pixel, cell): how much each cell contributes to a pixel, along one axis."""
    cells = draws.grids_ncc.shape[1]
    weights_uc = _upsampling_weights(cells, (cells + 1) * draws.cell_size_px)
    pixels = torch.arange(draws.image_size_px)
    return weights_uc[torch.arange(draws.cell_size_px)[:, None] + pixels]


def _upsampling_weights(cells: int, upsampled_px: int) -> torch.Tensor:
    """Return float32 (upsampled pixel, cell): row i says how much each cell contributes to pixel i."""
    identity = torch.eye(cells)[None]
    return functional.interpolate(identity, size=upsampled_px, mode="linear", align_corners=False)[0].T.contiguous()
