"""A Gaussian in the middle of an image: what the control `centre` shows. Must not import torch."""

import numpy as np
import numpy.typing as npt

WIDTH_SHARE = 0.25


def centre_blob(height: int, width: int, width_share: float = WIDTH_SHARE) -> npt.NDArray[np.float64]:
    """Return float64 (y, x), 1 in the middle.

    Args:
        height: in px.
        width: in px.
        width_share: the blob's standard deviation as a share of each side.
    """
    y = (np.arange(height) + 0.5) / height - 0.5
    x = (np.arange(width) + 0.5) / width - 0.5
    blob: npt.NDArray[np.float64] = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * width_share**2))
    return blob
