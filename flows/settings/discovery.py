"""[discovery]: attributes found without labels."""

from typing import Annotated

from pydantic import Field

from flows.settings.correspondence import Cells
from flows.settings.section import PairCount, Section, Share
from pipeline.discovery.methods import PAPERS_CROP_SHARE, Clustering, Method
from pipeline.setting_limits import AtMost

NeighbourCount = Annotated[int, Field(ge=1), AtMost(1000, "a table has a row for each of them and each query")]
ClusterCount = Annotated[int, Field(ge=2), AtMost(1000, "tables have a column or a row for each attribute and pair")]
FittedItems = Annotated[int, Field(ge=2), AtMost(50_000, "agglomerative clustering of so many takes 20 GB of memory")]
Components = Annotated[int, Field(ge=1), AtMost(10, "later ones are smaller than noise")]


class DiscoverySettings(Section):
    """Attributes that the model's own matches suggest; masks, scheme and fill are those of [saliency.rise]."""

    enabled: bool = Field(
        False,
        description="discover them, for saliency.rise.masks passes a test image and supervision_masks any other image",
    )
    method: Method = Field(
        "patches",
        description="patches: where maps of matches peak, as in the papers; components: regions of both images that go "
        "together; factors: non-negative factors of what masks do; full_frame: whole images; random: drawn",
    )
    queries: PairCount | None = Field(None, description="most queries of a split, chosen by hash; empty: every image")
    neighbours: NeighbourCount = Field(20, description="K: images most alike to a query that vote on where it matches")
    kept: NeighbourCount = Field(5, description="N: of those that peak in the most common place, the most alike")
    cells: Cells = Field(14, description="cells along a side of maps")
    crop_share: float = Field(
        PAPERS_CROP_SHARE, gt=0, le=1, description="side of a patch as a share of the image's (papers: 30 of 112 px)"
    )
    components: Components = Field(2, description="of a match at most, with method components")
    smallest_share: Share = Field(0.2, description="of a match that a component has at least")
    clustering: Clustering = Field("k_means", description="how vectors are grouped; factors and random need none")
    clusters: ClusterCount = Field(24, description="attributes to find; with hdbscan at most so many")
    smallest_cluster: int = Field(10, ge=2, le=100_000, description="members of a group at least, with hdbscan")
    fitted: FittedItems = Field(
        20_000, description="vectors of the training split to which groups are fitted at most, chosen by hash"
    )
