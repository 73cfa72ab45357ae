"""An image as the report shows it, and what the model sees of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.datasets.fitting import CoveredBox


@dataclass(frozen=True)
class ShownImage:
    """An image in its own shape, or the square view of the model.

    Attributes:
        pixels_hwc: uint8 RGB (y, x, 3).
        seen: what the model sees of it, in px of `pixels_hwc`; beyond it are borders that the model sees besides. None:
            it is the model's view itself.
        is_substitute: whether the view is shown because the photograph could not be read.
    """

    pixels_hwc: npt.NDArray[np.uint8]
    seen: CoveredBox | None = None
    is_substitute: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels_hwc.shape[1], self.pixels_hwc.shape[0]

    @property
    def seen_box(self) -> CoveredBox:
        """What the model sees of it, in px of `pixels_hwc`."""
        return self.seen or CoveredBox(0.0, 0.0, float(self.size_px[0]), float(self.size_px[1]))
