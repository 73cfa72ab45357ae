"""What Stanford Online Products declares of itself."""

from pathlib import Path

from pipeline.datasets.class_disjoint import HeldOutClassesSettings
from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind
from pipeline.datasets.records import DatasetIndex, IndexSource
from pipeline.datasets.stanford_online_products.index import LISTS, build_products_index, dataset_files


def _build_index(settings: HeldOutClassesSettings, source: IndexSource) -> DatasetIndex:
    return build_products_index(source.folder(), settings.validation_class_share, source.follow_links_to)


def _index_files(_settings: HeldOutClassesSettings, root: Path) -> list[Path]:
    return dataset_files(root)


STANFORD_ONLINE_PRODUCTS = DatasetKind(
    name="stanford_online_products",
    origin="the releases' layouts",
    settings=HeldOutClassesSettings,
    pixel_settings=(*FILE_SETTINGS, "validation_class_share"),
    build_index=_build_index,
    index_module="pipeline.datasets.stanford_online_products.index",
    index_files=_index_files,
    layouts=(tuple(LISTS),),
    has_attributes=False,
    is_for_retrieval=True,
    recall_ranks=(1, 10, 100, 1000),
    shared_unit=CLASS,
)
