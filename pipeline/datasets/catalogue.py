"""The datasets by the value of `dataset.kind`; each is declared where its index is made.

Imports no torch, so that plans and settings can ask.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline.datasets.awa2 import AWA2
from pipeline.datasets.cars196.declaration import CARS196
from pipeline.datasets.cub200.declaration import CUB200
from pipeline.datasets.cuhk03_np.declaration import CUHK03_NP
from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.folder import FOLDER
from pipeline.datasets.market1501.declaration import MARKET1501
from pipeline.datasets.parts import LocatedParts
from pipeline.datasets.planted.declaration import PLANTED
from pipeline.datasets.polyvore_outfits import POLYVORE_OUTFITS
from pipeline.datasets.stanford_online_products.declaration import STANFORD_ONLINE_PRODUCTS

DATASETS: Final[Mapping[str, DatasetKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            PLANTED,
            AWA2,
            POLYVORE_OUTFITS,
            CARS196,
            CUB200,
            STANFORD_ONLINE_PRODUCTS,
            MARKET1501,
            CUHK03_NP,
            FOLDER,
        )
    }
)


def located_parts(kind: str) -> LocatedParts:
    """Return what a dataset declares of the parts that its release locates; only for one that does."""
    declared = DATASETS[kind].parts
    assert declared is not None
    return declared
