"""Masks kept on an accelerator: made once for all queries, where making them again would cost launches and time.

On a CPU they are made batch by batch instead, in its cache, because memory is slower than the two small products that
make them.
"""

from dataclasses import dataclass

import torch

from pipeline.saliency.perturbations import MaskSource

# 2,000 masks of 112 px take 100 MB, of 224 px 400 MB. Larger sets are made batch by batch, so that memory stays flat.
LARGEST_BYTES = 1 << 30
RENDERED_AT_ONCE = 500
BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class ResidentMasks:
    """A source of masks that has made them all.

    Attributes:
        masks_nhw: float32 (mask, y, x), on a device.
    """

    masks_nhw: torch.Tensor

    @property
    def image_size_px(self) -> int:
        """See MaskSource."""
        return int(self.masks_nhw.shape[1])

    def __len__(self) -> int:
        return len(self.masks_nhw)

    def render(self, start: int, stop: int, device: str = "cpu", channels: int = 1) -> torch.Tensor:
        """See MaskSource; a device other than theirs gets a copy."""
        masks_nhw = self.masks_nhw[start:stop].to(device)
        return masks_nhw.clone() if channels == 1 else masks_nhw.repeat_interleave(channels, dim=2)


def resident(masks: MaskSource, device: str) -> MaskSource:
    """Return the masks, made once where the device is an accelerator and they fit into LARGEST_BYTES."""
    size_bytes = len(masks) * masks.image_size_px**2 * BYTES_PER_VALUE
    if device == "cpu" or size_bytes > LARGEST_BYTES:
        return masks
    return make_resident(masks, device)


def make_resident(masks: MaskSource, device: str) -> ResidentMasks:
    """Return the same masks, all of them made on the device."""
    starts = range(0, len(masks), RENDERED_AT_ONCE)
    rendered = [masks.render(start, min(start + RENDERED_AT_ONCE, len(masks)), device) for start in starts]
    return ResidentMasks(torch.cat(rendered))
