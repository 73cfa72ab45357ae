"""What Market-1501 declares of itself."""

from pathlib import Path

from pipeline.datasets.class_disjoint import HeldOutClassesSettings
from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind
from pipeline.datasets.fitting import STRETCH
from pipeline.datasets.market1501.index import build_market_index, dataset_files
from pipeline.datasets.records import DatasetIndex, IndexSource


def _build_index(settings: HeldOutClassesSettings, source: IndexSource) -> DatasetIndex:
    return build_market_index(source.folder(), settings.validation_class_share, source.follow_links_to)


def _index_files(_settings: HeldOutClassesSettings, root: Path) -> list[Path]:
    return dataset_files(root)


MARKET1501 = DatasetKind(
    name="market1501",
    origin="the releases' layouts",
    settings=HeldOutClassesSettings,
    pixel_settings=(*FILE_SETTINGS, "validation_class_share"),
    build_index=_build_index,
    index_module="pipeline.datasets.market1501.index",
    index_files=_index_files,
    has_attributes=False,
    is_for_retrieval=True,
    recall_ranks=(1, 5, 10),
    has_cameras=True,
    shared_unit=CLASS,
    # Boxes are twice as high as wide: the centre would lose heads and feet.
    fit=STRETCH,
)
