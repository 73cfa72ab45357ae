"""Pixels as networks take them: ImageNet-normalised float tensors."""

import numpy as np
import torch

from pipeline.device_transfer import send

IMAGENET_MEAN_RGB = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION_RGB = (0.229, 0.224, 0.225)


def normalise_pixels(pixels_nhwc: np.ndarray | torch.Tensor, device: str = "cpu") -> torch.Tensor:
    """Return float32 (image, 3, y, x), channels last in memory, with ImageNet statistics removed.

    Args:
        pixels_nhwc: uint8 RGB images, 0 to 255.
        device: where the result lives; the bytes travel there before they become floats.
    """
    pixels = send(pixels_nhwc, device)
    mean = send(torch.tensor(IMAGENET_MEAN_RGB), device)
    deviation = send(torch.tensor(IMAGENET_DEVIATION_RGB), device)
    # (n, h, w, 3) seen as (n, 3, h, w) is the channels-last layout that convolutions like best.
    return pixels.float().div_(255).sub_(mean).div_(deviation).permute(0, 3, 1, 2)
