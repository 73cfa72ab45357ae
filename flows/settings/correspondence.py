"""[saliency.correspondence]: which part of one image goes with which part of the other."""

from typing import Annotated, Literal

from pydantic import Field

from flows.settings.section import PairCount, Section
from pipeline.setting_limits import AtMost

# A pair of grids: 32 x 32 cells have a million joint effects.
Cells = Annotated[int, Field(ge=2), AtMost(32, "a pair has as many joint effects as the fourth power of it")]
Components = Annotated[int, Field(ge=1), AtMost(10, "later ones are smaller than noise")]


class CorrespondenceSettings(Section):
    """Both sides of a match, from RISE's passes of both images: masks, scheme and fill are those of [saliency.rise]."""

    enabled: bool = Field(
        False, description="make them for test pairs, for saliency.rise.masks passes an image, whatever its role"
    )
    pairs: PairCount | None = Field(None, description="most test pairs, whole queries at a time; empty: all")
    cells: Cells = Field(14, description="cells along a side of the grid of each image")
    components: Components = Field(2, description="pairs of regions that each match is split into")
    split_by: Literal["factors", "coclusters", "singular"] = Field(
        "factors",
        description="how: non-negative factors, spectral co-clusters, or singular vectors of the joint effects",
    )
    keep_interaction: bool = Field(
        False,
        description="keep every pair's joint effects too (cells ** 4 of 2 bytes: 77 kB a pair at 14); they follow from "
        "what is kept of both images in any case",
    )
