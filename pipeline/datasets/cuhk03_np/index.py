"""The index of CUHK03 under its new protocol: 767 persons for training, 700 for test, two cameras.

Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding (2017), section 4.1. The release
has the folders of Market-1501 twice, with boxes that were detected and that were drawn by hand.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.cameras import CameraIndex
from pipeline.datasets.class_disjoint import VALIDATION_CLASS_SHARE
from pipeline.datasets.person_images import (
    DISTRACTOR,
    GALLERY,
    QUERY,
    TRAIN,
    camera_index,
    list_person_images,
)
from pipeline.errors import BadDataset

DETECTED, LABELLED = "detected", "labelled"
# The release spells the second one as Americans do.
FOLDERS = {DETECTED: ("detected",), LABELLED: ("labeled", "labelled")}


def build_cuhk_index(
    root: Path,
    boxes: str = DETECTED,
    validation_class_share: float = VALIDATION_CLASS_SHARE,
    follow_links_to: Sequence[Path] = (),
) -> CameraIndex:
    """Return the index of every photograph with one kind of boxes; no photograph is opened.

    Args:
        root: the folder with "detected" and "labeled".
        boxes: "detected" or "labelled".
        validation_class_share: share of the training persons that are held out for validation.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a person with the number of junk or distractors, which this release does not have; and as
            `list_person_images` and `camera_index` do.
    """
    names = FOLDERS[boxes]
    within = next((name for name in names if (root / name).is_dir()), names[0])
    images = list_person_images(root, within, follow_links_to)
    odd = [image.path for image in images if int(image.person) <= DISTRACTOR]
    if odd:
        raise BadDataset(
            expected="persons numbered from 1",
            found=f"{len(odd)} others: {', '.join(odd[:3])}",
            where=str(root / within),
            remedy="restore the folders of the release; of Market-1501, set dataset.kind to market1501",
        )
    return camera_index("cuhk03_np", root, images, validation_class_share)


def dataset_files(root: Path, boxes: str) -> list[Path]:
    """Return every folder whose change changes the index."""
    return [root / within / name for within in FOLDERS[boxes] for name in (TRAIN, QUERY, GALLERY)]
