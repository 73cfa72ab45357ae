"""A discovered attribute as it is shown to people."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class DiscoveredGroup:
    """A discovered attribute.

    Attributes:
        attribute: its name in tables, such as "cluster-01".
        name: given by hand, None where nobody named it.
        images: of all splits that have it.
        closest_label: label of the dataset that it agrees with most; None where there are none, or it tells none from
            others.
        f1: of the two over all images, 0 to 1; None likewise.
        patches: uint8 (y, x, 3) each, regions of images that are typical of it, or whole images.
    """

    attribute: str
    name: str | None
    images: int
    closest_label: str | None
    f1: float | None
    patches: tuple[npt.NDArray[np.uint8], ...] = ()

    @property
    def shown_name(self) -> str:
        """The name given by hand, else the one in tables."""
        return self.name or self.attribute
