"""The index of Market-1501 in the release's folders: 751 persons for training, 750 for test, six cameras.

Source: Zheng et al., Scalable Person Re-identification: A Benchmark (2015). Boxes drawn by hand (gt_bbox, gt_query) are
not read: the protocol searches among the detected ones.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.cameras import CameraIndex
from pipeline.datasets.class_disjoint import VALIDATION_CLASS_SHARE
from pipeline.datasets.person_images import GALLERY, QUERY, TRAIN, camera_index, list_person_images


def build_market_index(
    root: Path, validation_class_share: float = VALIDATION_CLASS_SHARE, follow_links_to: Sequence[Path] = ()
) -> CameraIndex:
    """Return the index of every photograph but junk, see `camera_index`; no photograph is opened.

    Args:
        root: the folder with bounding_box_train, query and bounding_box_test.
        validation_class_share: share of the training persons that are held out for validation.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: as `list_person_images` and `camera_index` do.
    """
    images = list_person_images(root, "", follow_links_to)
    return camera_index("market1501", root, images, validation_class_share)


def dataset_files(root: Path) -> list[Path]:
    """Return every folder whose change changes the index."""
    return [root / name for name in (TRAIN, QUERY, GALLERY)]
