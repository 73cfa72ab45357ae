"""The index of CUB-200-2011: classes 1 to 100 are for training, 101 to 200 for test (Oh Song et al., 2016, section 5).

The split of train_test_split.txt plays no part: it divides every class. Boxes and parts are not applied, as the
protocol has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.datasets.class_disjoint import VALIDATION_CLASS_SHARE, ClassedImage, class_disjoint_records
from pipeline.datasets.cub200.attributes import (
    LABELS,
    NAME_PLACES,
    PROBABLY,
    read_attribute_names,
    read_image_attributes,
)
from pipeline.datasets.named_images import check_named_images
from pipeline.datasets.numbered_lines import malformed_line, read_numbered
from pipeline.datasets.records import DatasetIndex
from pipeline.errors import BadDataset

IMAGES, CLASSES, IMAGE_CLASSES, FOLDER = "images.txt", "classes.txt", "image_class_labels.txt", "images"


@dataclass(frozen=True)
class _Lists:
    """The release's lists: files and classes of images, names of classes and attributes, all by number."""

    files: dict[int, str]
    class_of: dict[int, int]
    class_names: dict[int, str]


def build_cub_index(
    root: Path,
    validation_class_share: float = VALIDATION_CLASS_SHARE,
    attribute_certainty: int = PROBABLY,
    follow_links_to: Sequence[Path] = (),
) -> DatasetIndex:
    """Return the index of every photograph of images.txt; no photograph is opened.

    An image's id is its file's name without ending, its label the class as the release writes it, such as
    "001.Black_footed_Albatross". Lists are joined by the numbers that images.txt gives, in whatever order they are.

    Args:
        root: the folder CUB_200_2011.
        validation_class_share: share of the training classes that are held out for validation.
        attribute_certainty: an attribute is on an image if a worker was at least so sure, see `read_image_attributes`.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a list is missing or malformed, or they contradict each other; a photograph is missing or outside
            the folder; see also `class_disjoint_records`.
    """
    lists = _read_lists(root)
    check_named_images(root, [f"{FOLDER}/{file}" for file in lists.files.values()], IMAGES, follow_links_to)
    names = read_attribute_names(root)
    attributes = read_image_attributes(root, names, attribute_certainty)
    _check_same(root / LABELS, lists.files, attributes)
    first_test = len(lists.class_names) // 2 + 1
    images = [
        ClassedImage(
            Path(file).stem,
            f"{FOLDER}/{file}",
            lists.class_names[lists.class_of[number]],
            lists.class_of[number] >= first_test,
            attributes[number],
        )
        for number, file in lists.files.items()
    ]
    records = class_disjoint_records(images, validation_class_share, str(root / IMAGES))
    vocabulary = tuple(names[number] for number in sorted(names))
    return DatasetIndex("cub200", str(root), vocabulary, (-1,) * len(vocabulary), records)


def dataset_files(root: Path) -> list[Path]:
    """Return every file and folder whose change changes the index."""
    folder = root / FOLDER
    lists = [root / name for name in (IMAGES, CLASSES, IMAGE_CLASSES, LABELS, *NAME_PLACES)]
    return [*lists, *(sorted(folder.iterdir()) if folder.is_dir() else [])]


def _read_lists(root: Path) -> _Lists:
    files, class_names = read_numbered(root / IMAGES), read_numbered(root / CLASSES)
    path = root / IMAGE_CLASSES
    numbers = read_numbered(path)
    _check_same(path, files, numbers)
    class_of = {}
    for place, (image, text) in enumerate(numbers.items(), start=1):
        if not text.isdecimal() or int(text) not in class_names:
            raise malformed_line(path, place, f"a class of {CLASSES}", text)
        class_of[image] = int(text)
    return _Lists(files, class_of, class_names)


def _check_same(path: Path, files: dict[int, str], listed: Mapping[int, object]) -> None:
    differing = sorted(files.keys() ^ listed.keys())
    if differing:
        raise BadDataset(
            expected=f"the {len(files)} images of {IMAGES}",
            found=f"{len(differing)} images in one of the two lists alone, such as number {differing[0]}",
            where=str(path),
            remedy="use the lists of one release",
        )
