"""Images mixed with blurred copies of themselves or another fill by small masks, and how changing masks changes them.

Mixing is linear in the mask, so gradients with respect to images become gradients with respect to masks by two
matrix products; nothing but the network itself needs automatic differentiation.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch.nn import functional

from pipeline.images import IMAGENET_DEVIATION_RGB, IMAGENET_MEAN_RGB

CHANNELS = 3


def blur(pixels_hwc: np.ndarray, blur_px: int) -> np.ndarray:
    """Return uint8 (y, x, channel): the median of a blur_px x blur_px window, channel by channel.

    Beyond the border the outermost pixels are repeated.
    """
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(pixels_hwc), blur_px))


def upsampling_weights(cells: int, size_px: int) -> torch.Tensor:
    """Return float64 (pixel, cell): how much each cell contributes to each pixel of a bilinear enlargement.

    Pixels and cells have their values at their centres, and the border cells' values last to the border.
    """
    identity = torch.eye(cells, dtype=torch.float64)[None]
    return functional.interpolate(identity, size=size_px, mode="linear", align_corners=False)[0].T.contiguous()


class MaskedImages:
    """Some images beside what their removed pixels become; a mask of cells says where to show which.

    Memory: four copies of the images.

    Args:
        pixels_nhwc: uint8 (image, y, x, 3), all of one size.
        removed_nhwc: (image, y, x, 3) in 0 to 255, what they become where a mask is 0.
        noise_n: the generator of each image's noise; it goes on from call to call.
        mask_cells: cells along a side of a mask.
        device: where images are mixed.
        dtype: in which they are mixed.
    """

    def __init__(
        self,
        pixels_nhwc: Sequence[np.ndarray],
        removed_nhwc: Sequence[np.ndarray],
        noise_n: Sequence[np.random.Generator],
        mask_cells: int,
        device: str,
        dtype: torch.dtype,
    ) -> None:
        height, width = pixels_nhwc[0].shape[:2]
        self.height, self.width = height, width
        self._removed_nhv = _normalised_rows(removed_nhwc, device, dtype)
        self._difference_nhv = _normalised_rows(pixels_nhwc, device, dtype) - self._removed_nhv
        self._rows_yc = upsampling_weights(mask_cells, height).to(device, dtype)
        self._columns_vc = upsampling_weights(mask_cells, width).repeat_interleave(CHANNELS, dim=0).to(device, dtype)
        self._noise_n = list(noise_n)

    def __len__(self) -> int:
        return len(self._noise_n)

    def mix(self, masks_ncc: torch.Tensor, noise_deviation: float) -> torch.Tensor:
        """Return mask * image + (1 - mask) * removed + fresh noise, (image, 3, y, x), channels last in memory.

        Args:
            masks_ncc: 0 to 1 (image, cell y, cell x), enlarged bilinearly.
            noise_deviation: of the noise, in units of normalised images.
        """
        enlarged_nhv = self._rows_yc @ masks_ncc @ self._columns_vc.T
        mixed_nhv = torch.addcmul(self._removed_nhv, self._difference_nhv, enlarged_nhv)
        if noise_deviation > 0:
            mixed_nhv.add_(self._draw_noise().to(mixed_nhv), alpha=noise_deviation)
        return mixed_nhv.view(len(self), self.height, self.width, CHANNELS).permute(0, 3, 1, 2)

    def mask_gradients(self, image_gradients_nchw: torch.Tensor) -> torch.Tensor:
        """Return the masks' gradients (image, cell y, cell x) from those of the mixed images."""
        slopes_nhv = image_gradients_nchw.permute(0, 2, 3, 1).flatten(2) * self._difference_nhv
        return self._rows_yc.T @ slopes_nhv @ self._columns_vc

    def keep(self, rows: torch.Tensor) -> None:
        """Drop all images but these.

        Args:
            rows: int64, of the images to keep, ascending.
        """
        self._removed_nhv = self._removed_nhv[rows]
        self._difference_nhv = self._difference_nhv[rows]
        self._noise_n = [self._noise_n[row] for row in rows.tolist()]

    def _draw_noise(self) -> torch.Tensor:
        """Return float32 standard normal noise (image, y, x * channel), drawn on the CPU, each image by its own."""
        noise_nhv = np.empty((len(self), self.height, self.width * CHANNELS), dtype=np.float32)
        for row, generator in enumerate(self._noise_n):
            generator.standard_normal(dtype=np.float32, out=noise_nhv[row])
        return torch.from_numpy(noise_nhv)


def _normalised_rows(pixels_nhwc: Sequence[np.ndarray], device: str, dtype: torch.dtype) -> torch.Tensor:
    """Return images with ImageNet statistics removed, (image, y, x * channel).

    Channels interleaved in one long row, as in memory: an axis of 3 at the end would be slow. Computed in `dtype`, so
    that float64 means float64 throughout.
    """
    pixels_nhv = torch.as_tensor(np.stack(pixels_nhwc)).to(device).flatten(2).to(dtype)
    width = pixels_nhwc[0].shape[1]
    mean, deviation = (
        torch.tensor(values, dtype=dtype, device=device).repeat(width)
        for values in (IMAGENET_MEAN_RGB, IMAGENET_DEVIATION_RGB)
    )
    return pixels_nhv.div_(255).sub_(mean).div_(deviation)
