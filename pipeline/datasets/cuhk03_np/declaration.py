"""What CUHK03 under its new protocol declares of itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import doc

from pipeline.datasets.class_disjoint import HeldOutClassesSettings
from pipeline.datasets.cuhk03_np.index import build_cuhk_index, dataset_files
from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind
from pipeline.datasets.fitting import STRETCH
from pipeline.datasets.person_images import GALLERY, QUERY, TRAIN
from pipeline.datasets.records import DatasetIndex, IndexSource


@dataclass(frozen=True)
class CuhkSettings(HeldOutClassesSettings):
    """The keys of [dataset] that this dataset has."""

    person_boxes: Annotated[
        Literal["detected", "labelled"], doc("boxes around persons: by a detector, or drawn by hand")
    ] = "detected"


def _build_index(settings: CuhkSettings, source: IndexSource) -> DatasetIndex:
    boxes, share = settings.person_boxes, settings.validation_class_share
    return build_cuhk_index(source.folder(), boxes, share, source.follow_links_to)


def _index_files(settings: CuhkSettings, root: Path) -> list[Path]:
    return dataset_files(root, settings.person_boxes)


CUHK03_NP = DatasetKind(
    name="cuhk03_np",
    origin="the releases' layouts",
    settings=CuhkSettings,
    pixel_settings=(*FILE_SETTINGS, "validation_class_share", "person_boxes"),
    build_index=_build_index,
    index_module="pipeline.datasets.cuhk03_np.index",
    index_files=_index_files,
    layouts=(tuple(f"detected/{folder}" for folder in (TRAIN, QUERY, GALLERY)),),
    has_attributes=False,
    is_for_retrieval=True,
    recall_ranks=(1, 5, 10),
    has_cameras=True,
    shared_unit=CLASS,
    # Boxes are higher than wide: the centre would lose heads and feet.
    fit=STRETCH,
)
