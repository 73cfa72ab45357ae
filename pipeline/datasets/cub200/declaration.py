"""What CUB-200-2011 declares of itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, doc

from pipeline.datasets.class_disjoint import HeldOutClassesSettings
from pipeline.datasets.cub200.attributes import DEFINITELY, PROBABLY
from pipeline.datasets.cub200.index import build_cub_index, dataset_files
from pipeline.datasets.cub200.parts import CUB_PARTS
from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind
from pipeline.datasets.records import DatasetIndex, IndexSource


@dataclass(frozen=True)
class CubSettings(HeldOutClassesSettings):
    """The keys of [dataset] that this dataset has."""

    attribute_certainty: Annotated[
        int,
        Ge(1),
        Le(DEFINITELY),
        doc(
            "how sure a worker must have been of an attribute for an image to have it: 1 not visible, 2 guessing, "
            "3 probably, 4 definitely"
        ),
    ] = PROBABLY


def _build_index(settings: CubSettings, source: IndexSource) -> DatasetIndex:
    share, certainty = settings.validation_class_share, settings.attribute_certainty
    return build_cub_index(source.folder(), share, certainty, source.follow_links_to)


def _index_files(_settings: CubSettings, root: Path) -> list[Path]:
    return dataset_files(root)


CUB200 = DatasetKind(
    name="cub200",
    origin="the releases' layouts",
    settings=CubSettings,
    pixel_settings=(*FILE_SETTINGS, "validation_class_share", "attribute_certainty"),
    build_index=_build_index,
    index_module="pipeline.datasets.cub200.index",
    index_files=_index_files,
    is_for_retrieval=True,
    shared_unit=CLASS,
    # What was not visible, or guessed, is not labelled.
    has_sparse_labels=True,
    parts=CUB_PARTS,
)
