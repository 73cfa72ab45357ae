"""The index of Cars-196: classes 1 to 98 are for training, 99 to 196 for test (Oh Song et al., 2016, section 5).

The official split into training and test photographs plays no part: it divides every class. Boxes are not applied, as
the protocol has it. The release knows no attributes.
"""

from collections.abc import Sequence
from pathlib import Path

from pipeline.datasets.cars196.lists import ANNOTATED_FILES, ListedCar, read_cars
from pipeline.datasets.class_disjoint import VALIDATION_CLASS_SHARE, ClassedImage, class_disjoint_records
from pipeline.datasets.named_images import check_named_images
from pipeline.datasets.records import DatasetIndex


def build_cars_index(
    root: Path, validation_class_share: float = VALIDATION_CLASS_SHARE, follow_links_to: Sequence[Path] = ()
) -> DatasetIndex:
    """Return the index of every photograph that the release's list names; no photograph is opened.

    An image's id is its folder's last word and its file's number, such as "train_00001" of cars_train/00001.jpg, since
    the release numbers both of its folders from 1; its label is the class's name.

    Args:
        root: the folder that holds annotations.csv, cars_annos.mat or the devkit, and the folders of photographs.
        validation_class_share: share of the training classes that are held out for validation.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: there is no list, or it is malformed; a photograph is missing or outside the folder; see also
            `class_disjoint_records`.
    """
    file, cars = read_cars(root)
    check_named_images(root, [car.path for car in cars], file.name, follow_links_to)
    images = [ClassedImage(_image_id(car), car.path, car.class_name, car.is_test) for car in cars]
    records = class_disjoint_records(images, validation_class_share, str(file))
    return DatasetIndex("cars196", str(root), (), (), records)


def dataset_files(root: Path) -> list[Path]:
    """Return every file and folder whose change changes the index."""
    return [root / name for name in ANNOTATED_FILES]


def _image_id(car: ListedCar) -> str:
    folder, _, name = car.path.rpartition("/")
    return f"{folder.rpartition('/')[2].removeprefix('cars_')}_{Path(name).stem}"
