"""Superpixels of an image by quickshift, and images in which some of them are switched off (v1 B.2; Ribeiro et al.)."""

import numpy as np
import torch
from skimage.segmentation import quickshift

from pipeline.device_transfer import send
from pipeline.errors import BadSetting
from pipeline.images import normalise_pixels
from pipeline.saliency.fill import BLACK, Fill, removed_pixels
from pipeline.saliency.lime.declaration import SuperpixelSpec

PAPERS_SIDE_PX = 112


def find_superpixels(pixels_hwc: np.ndarray, spec: SuperpixelSpec) -> np.ndarray:
    """Return int64 (y, x), the number of each pixel's superpixel: 0 to their count - 1, none of them empty.

    The same image always gives the same ones: quickshift breaks ties by noise of a fixed seed.

    Args:
        pixels_hwc: uint8 (y, x, 3).
        spec: of quickshift, which compares colours in Lab.

    Raises:
        BadSetting: scikit-image refuses a setting.
    """
    kernel_size_px = spec.kernel_size * min(pixels_hwc.shape[:2]) / PAPERS_SIDE_PX
    try:
        labels_hw = quickshift(  # type: ignore[no-untyped-call]
            pixels_hwc, kernel_size=kernel_size_px, max_dist=spec.max_dist, ratio=spec.ratio, rng=0
        )
    except ValueError as error:
        raise BadSetting(
            expected="settings with which quickshift works, such as kernel_size 4, max_dist 200, ratio 0.2",
            found=f"{spec}, for this image kernel_size {kernel_size_px:.2f} px: {error}",
            where="[saliency.lime]",
            remedy="correct the setting",
        ) from error
    return np.unique(labels_hw, return_inverse=True)[1].reshape(labels_hw.shape).astype(np.int64)


class SwitchedImages:
    """An image whose superpixels can be switched off, ready for its batches on a device.

    A pixel that is off is black unless another fill is given: 0 in red, green and blue before normalisation, not 0
    after it (which would be the mean colour of photographs).

    Args:
        pixels_hwc: uint8 (y, x, 3).
        superpixels_hw: int64 (y, x), see find_superpixels.
        device: where the images are made.
        fill: what pixels that are off become.

    Raises:
        BadSetting: see removed_pixels.
    """

    def __init__(self, pixels_hwc: np.ndarray, superpixels_hw: np.ndarray, device: str, fill: Fill = BLACK) -> None:
        self._shape = pixels_hwc.shape
        # Channels interleaved in one long row: see perturbed_embeddings.
        self._image_v = _interleaved(pixels_hwc, device)
        self._removed_v = _interleaved(removed_pixels(fill, pixels_hwc), device)
        superpixels_v = np.repeat(superpixels_hw.ravel(), self._shape[2])
        self._superpixels_v = send(superpixels_v, device)

    def render(self, is_on_ns: torch.Tensor) -> torch.Tensor:
        """Return normalised float32 images (image, 3, y, x), channels last in memory.

        Args:
            is_on_ns: bool (image, superpixel), on the device.
        """
        # Floats are picked faster than bytes, and lerp gives exactly its ends at weights 0 and 1.
        is_on_nv = is_on_ns.float().index_select(1, self._superpixels_v)
        shown_nv = torch.lerp(self._removed_v, self._image_v, is_on_nv)
        return shown_nv.view(len(is_on_ns), *self._shape).permute(0, 3, 1, 2)


def _interleaved(pixels_hwc: np.ndarray, device: str) -> torch.Tensor:
    return normalise_pixels(pixels_hwc[None], device)[0].permute(1, 2, 0).reshape(-1)
