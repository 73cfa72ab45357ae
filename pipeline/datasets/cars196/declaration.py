"""What Cars-196 declares of itself."""

from pathlib import Path

from pipeline.datasets.cars196.index import build_cars_index, dataset_files
from pipeline.datasets.cars196.lists import CLASS_NAMES, ONE_FILE, TABLE, TRAIN_ANNOTATIONS, TRAIN_FOLDER
from pipeline.datasets.class_disjoint import HeldOutClassesSettings
from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind
from pipeline.datasets.records import DatasetIndex, IndexSource


def _build_index(settings: HeldOutClassesSettings, source: IndexSource) -> DatasetIndex:
    return build_cars_index(source.folder(), settings.validation_class_share, source.follow_links_to)


def _index_files(_settings: HeldOutClassesSettings, root: Path) -> list[Path]:
    return dataset_files(root)


CARS196 = DatasetKind(
    name="cars196",
    origin="the releases' layouts",
    settings=HeldOutClassesSettings,
    pixel_settings=(*FILE_SETTINGS, "validation_class_share"),
    build_index=_build_index,
    index_module="pipeline.datasets.cars196.index",
    index_files=_index_files,
    layouts=((TABLE, TRAIN_FOLDER), (ONE_FILE,), (CLASS_NAMES, TRAIN_ANNOTATIONS)),
    has_attributes=False,
    is_for_retrieval=True,
    shared_unit=CLASS,
)
