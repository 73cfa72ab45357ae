"""Where a saliency map is bright, in words: what a picture of it says to who cannot see it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

# Row by row from the top.
PLACES: Final = (
    "at the top left",
    "at the top",
    "at the top right",
    "at the left",
    "in the middle",
    "at the right",
    "at the bottom left",
    "at the bottom",
    "at the bottom right",
)
_THIRDS: Final = 3


def bright_place(map_hw: npt.NDArray[np.floating[Any]]) -> int | None:
    """Return in which of nine equal fields the map is largest on average, an index of `PLACES`.

    None for a map that is not finite, has no contrast, or is smaller than three cells a side. Of equal fields the
    first counts.
    """
    values_hw = np.asarray(map_hw, dtype=np.float64)
    if min(values_hw.shape) < _THIRDS or not np.isfinite(values_hw).all() or values_hw.max() <= values_hw.min():
        return None
    means = [
        field.mean() for band in np.array_split(values_hw, _THIRDS) for field in np.array_split(band, _THIRDS, axis=1)
    ]
    return int(np.argmax(means))


def map_words(map_hw: npt.NDArray[np.floating[Any]] | None) -> str:
    """Return such as "brightest at the top left"; nothing for a map that has no such place."""
    place = None if map_hw is None else bright_place(map_hw)
    return "" if place is None else f"brightest {PLACES[place]}"
