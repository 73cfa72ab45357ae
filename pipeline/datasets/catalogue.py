"""The datasets by the value of `dataset.kind`; each is declared where its index is made.

Imports no torch, so that plans and settings can ask.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pipeline.datasets.awa2 import AWA2
from pipeline.datasets.cars196.declaration import CARS196
from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.folder import FOLDER
from pipeline.datasets.planted.declaration import PLANTED
from pipeline.datasets.polyvore_outfits import POLYVORE_OUTFITS

DATASETS: Final[Mapping[str, DatasetKind]] = MappingProxyType(
    {kind.name: kind for kind in (PLANTED, AWA2, POLYVORE_OUTFITS, CARS196, FOLDER)}
)
