"""Where a map is bright, or a region lies, in words: what a picture of it says to who cannot see it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.saliency.correspondence.regions import centre_of_mass

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
_NO_PLACE: Final = "nowhere in particular"
_THIRDS: Final = 3
_BRIGHTEST_SHARE: Final = 0.1


def bright_place(map_hw: npt.NDArray[np.floating[Any]]) -> int | None:
    """Return which of nine equal fields holds most of the map's brightest tenth, an index of `PLACES`.

    Bright spots on both sides do not make it the middle, as their mean would. None for a map that is not finite, has
    no contrast, or is smaller than three cells a side. Of equal fields the first counts.
    """
    values_hw = np.asarray(map_hw, dtype=np.float64)
    if min(values_hw.shape) < _THIRDS or not np.isfinite(values_hw).all() or values_hw.max() <= values_hw.min():
        return None
    above_hw = (values_hw - values_hw.min()) / (values_hw.max() - values_hw.min())
    # Where most of a map is at its minimum, the brightest tenth must not take in the rest.
    ys, xs = np.nonzero((above_hw >= np.quantile(above_hw, 1 - _BRIGHTEST_SHARE)) & (above_hw > 0))
    height, width = values_hw.shape
    fields = _THIRDS * (_THIRDS * ys // height) + _THIRDS * xs // width
    # Brighter ones weigh up to twice as much, so that ties are rare.
    return int(np.argmax(np.bincount(fields, weights=1 + above_hw[ys, xs], minlength=len(PLACES))))


def place_words(map_hw: npt.NDArray[np.floating[Any]]) -> str:
    """Return where a map is brightest, such as "at the top left"; other words where there is no such place."""
    place = bright_place(map_hw)
    return _NO_PLACE if place is None else PLACES[place]


def region_words(region_yx: npt.NDArray[np.floating[Any]]) -> str:
    """Return where a region lies, in the words of `PLACES`; other words for a region of nothing.

    That is the centre of what exceeds half of its largest value: weak values all around would draw any centre to the
    middle. A region is wider than a bright spot, so that no one field need hold most of it.

    Args:
        region_yx: (y, x) weights over the image.
    """
    largest = region_yx.max()
    if not largest > 0:
        return _NO_PLACE
    y, x = centre_of_mass(np.where(region_yx > largest / 2, region_yx, 0))
    return PLACES[_THIRDS * min(int(_THIRDS * y), 2) + min(int(_THIRDS * x), 2)]


def map_words(map_hw: npt.NDArray[np.floating[Any]] | None) -> str:
    """Return such as "brightest at the top left"; nothing for a map that has no such place."""
    place = None if map_hw is None else bright_place(map_hw)
    return "" if place is None else f"brightest {PLACES[place]}"
