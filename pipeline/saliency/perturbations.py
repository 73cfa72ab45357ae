"""What perturbs images: any ordered set of masks, made batch by batch, so that memory does not grow with it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from pipeline.errors import BadSetting

ROUNDING = 1e-6


class MaskSource(Protocol):
    """N square masks, 1 where a pixel is kept and 0 where it is removed; values between fade it."""

    @property
    def image_size_px(self) -> int:
        """Return the side of the masks."""

    def __len__(self) -> int:
        """Return N."""

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """Return float32 masks start to stop (mask, y, x * channels), the caller's own to overwrite.

        Args:
            start: first mask.
            stop: one past the last.
            device: where the masks are made.
            channels: each value is repeated this often along x, to multiply interleaved channels at full speed.
        """


@dataclass(frozen=True)
class GivenMasks:
    """Masks that a caller brings, such as those of another implementation.

    Attributes:
        masks_nhw: float (mask, y, x), 0 (removed) to 1 (kept), square.

    Raises:
        BadSetting: no mask, masks that are not square, or values outside 0 to 1.
    """

    masks_nhw: np.ndarray

    def __post_init__(self) -> None:
        shape = self.masks_nhw.shape
        if len(shape) != 3 or shape[0] < 1 or shape[1] != shape[2] or shape[1] < 1:
            raise _refusal("square masks (mask, y, x), at least one", f"shape {shape}")
        # One comparison a bound settles NaN as well.
        if not (self.masks_nhw.min() >= -ROUNDING and self.masks_nhw.max() <= 1 + ROUNDING):
            raise _refusal("values from 0 to 1", f"{self.masks_nhw.min()} to {self.masks_nhw.max()}")

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return int(self.masks_nhw.shape[1])

    def __len__(self) -> int:
        return len(self.masks_nhw)

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource."""
        # A copy, so that the caller's array stays as it is.
        masks = torch.tensor(self.masks_nhw[start:stop], dtype=torch.float32, device=device)
        return masks if channels == 1 else masks.repeat_interleave(channels, dim=2)


@dataclass(frozen=True)
class WithUnmaskedImage:
    """The masks of another source and, after them, one that removes nothing: its score is what drops count from.

    Attributes:
        masks: the others.
    """

    masks: MaskSource

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return self.masks.image_size_px

    def __len__(self) -> int:
        return len(self.masks) + 1

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource."""
        last = min(stop, len(self.masks))
        rendered = self.masks.render(start, last, device, channels) if start < last else None
        if stop == last:
            assert rendered is not None, f"masks {start} to {stop}"
            return rendered
        size = self.image_size_px
        whole = torch.ones(1, size, size * channels, device=device)
        return whole if rendered is None else torch.cat([rendered, whole])


def _refusal(expected: str, found: str) -> BadSetting:
    return BadSetting(
        expected=expected,
        found=found,
        where="the masks given to a saliency generator",
        remedy="pass float masks (mask, y, x) that multiply the image: 0 removes a pixel, 1 keeps it",
    )
