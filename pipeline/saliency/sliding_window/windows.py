"""Square windows on a regular grid, whose pixels are removed one window at a time (v1 sections A.1 and B.2).

Positions are fractions of the image's side, so that one grid fits every size. The outer windows overhang the
border: otherwise a corner would be covered by one window only and an inner pixel by a hundred.
"""

from dataclasses import dataclass

import numpy as np
import torch

from pipeline.device_transfer import send
from pipeline.errors import BadSetting
from pipeline.saliency.sliding_window.geometry import UNITS_PER_SIDE, fewest_windows


@dataclass(frozen=True)
class WindowGrid:
    """n x n windows in row order: window i * n + j has the i-th position along y and the j-th along x.

    Attributes:
        is_kept_np: bool (position, pixel) along one side, False for the pixels that the window removes.
    """

    is_kept_np: np.ndarray

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return int(self.is_kept_np.shape[1])

    def __len__(self) -> int:
        return len(self.is_kept_np) ** 2

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource; values are 0 or 1."""
        kept = send(self.is_kept_np, device).float()
        windows = torch.arange(start, stop, device=device)
        rows_ny = kept[windows // len(kept)]
        columns_nv = kept[windows % len(kept)].repeat_interleave(channels, dim=1)
        # A pixel stays unless both its row and its column lie in the window.
        return torch.maximum(rows_ny[:, :, None], columns_nv[:, None, :])


def window_grid(per_side: int, side: int, at_the_edge: int, image_size_px: int) -> WindowGrid:
    """Return windows at equal steps, a pixel at the edge being covered by a chosen number of them along each axis.

    With e windows over the first pixel, e - 1 begin outside; the steps are (1 - side) / (n + 1 - 2 e) of the
    image. For the authors' side of 32 / 112, n = 25 and e = 3 these are their 4 px steps and 8 px overhang.
    A window removes the pixels whose centres it holds, its own edges included. All comparisons are of whole
    numbers, so that no size loses a pixel to rounding.

    Args:
        per_side: n.
        side: of a window, in 1/112 of the image's side.
        at_the_edge: e; inner pixels are covered at least as often.
        image_size_px: side of the image.

    Raises:
        BadSetting: too few windows to cover every pixel e times.
    """
    steps = per_side + 1 - 2 * at_the_edge
    free = UNITS_PER_SIDE - side
    fewest = fewest_windows(side, at_the_edge)
    if per_side < fewest:
        raise BadSetting(
            expected=f"at least {fewest} windows of {side}/{UNITS_PER_SIDE} of the image's side along each axis",
            found=str(per_side),
            where="saliency.sliding_window",
            remedy="raise windows_per_side or reference_windows_per_side",
        )
    # In 1 / (2 * size * 112 * steps) of the image's side, where centres, starts and sides are whole.
    centres = (2 * np.arange(image_size_px, dtype=np.int64) + 1) * UNITS_PER_SIDE * steps
    starts = (np.arange(per_side, dtype=np.int64) - (at_the_edge - 1)) * free * 2 * image_size_px
    length = side * steps * 2 * image_size_px
    is_removed_np = (starts[:, None] <= centres) & (centres <= starts[:, None] + length)
    return WindowGrid(~is_removed_np)
