"""Animals with Attributes 2 in the release's own layout (Xian et al., 2019); class-level attributes.

Reads lists and one matrix; no image is opened. Attributes are a class's row of the binary 50 x 85 matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, doc

from pipeline.datasets.declaration import CLASS, FILE_SETTINGS, DatasetKind, SuitedSettings
from pipeline.datasets.folder_files import IMAGE_SUFFIXES, list_class_images, read_lines
from pipeline.datasets.records import DatasetIndex, ImageRecord, IndexSource
from pipeline.errors import BadDataset

VALIDATION_IMAGES_PER_CLASS = 20
# A match needs two images of one class, in either split.
LEAST_VALIDATION_IMAGES = LEAST_TRAINING_IMAGES = 2
# Of a subset with fewer images this share of the smallest training class is for validation.
VALIDATION_SHARE = 5


@dataclass(frozen=True)
class Awa2Settings:
    """The keys of [dataset] that only this dataset has."""

    validation_images: Annotated[int, Ge(LEAST_VALIDATION_IMAGES), doc("images of each training class set aside")] = (
        VALIDATION_IMAGES_PER_CLASS
    )


def build_awa2_index(
    root: Path, validation_images: int = VALIDATION_IMAGES_PER_CLASS, follow_links_to: Sequence[Path] = ()
) -> DatasetIndex:
    """Return the index of every image of the classes in trainclasses.txt and testclasses.txt.

    The release has no validation split: the last `validation_images` of each training class in name order are
    set aside (decided). Split lists may be shorter than classes.txt; the matrix is looked up by class name.

    Args:
        root: the folder that holds JPEGImages, classes.txt, predicates.txt and the lists.
        validation_images: images of each training class that become the validation split.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a file or class folder is missing, a list or the matrix is malformed, a class is in both
            splits, or a class has fewer than two images in a split.
    """
    classes = _numbered_names(root / "classes.txt")
    attributes = _numbered_names(root / "predicates.txt")
    matrix_ca = _read_binary_matrix(root / "predicate-matrix-binary.txt", len(classes), len(attributes))
    train_classes = _split_classes(root / "trainclasses.txt", classes)
    test_classes = _split_classes(root / "testclasses.txt", classes)
    shared = sorted(set(train_classes) & set(test_classes))
    if shared:
        raise BadDataset(
            expected="disjoint training and test classes",
            found=f"{', '.join(shared[:5])} in both lists",
            where=str(root / "trainclasses.txt"),
            remedy="remove each class from one of the two lists",
        )
    records: list[ImageRecord] = []
    for class_name in [*train_classes, *test_classes]:
        row = matrix_ca[classes.index(class_name)]
        names = tuple(name for name, present in zip(attributes, row, strict=True) if present)
        files = list_class_images(root, class_name, follow_links_to)
        held_out = validation_images if class_name in train_classes else 0
        _check_class_size(root, class_name, len(files), held_out)
        for position, path in enumerate(files):
            split = "valid" if position >= len(files) - held_out else "train"
            split = "test" if class_name in test_classes else split
            records.append(ImageRecord(Path(path).stem, path, split, class_name, names))
    _check_unique_ids(records, root)
    ordered = tuple(sorted(records, key=lambda record: record.image_id))
    return DatasetIndex("awa2", str(root), tuple(attributes), (-1,) * len(attributes), ordered)


def dataset_files(root: Path) -> list[Path]:
    """Return every file and folder whose change changes the index: the lists, the matrix, the classes' folders."""
    names = ["classes.txt", "predicates.txt", "predicate-matrix-binary.txt", "trainclasses.txt", "testclasses.txt"]
    images = root / "JPEGImages"
    return [*(root / name for name in names), *(sorted(images.iterdir()) if images.is_dir() else [])]


def _numbered_names(path: Path) -> list[str]:
    names: list[str] = []
    for number, line in enumerate(read_lines(path), start=1):
        # The release pads numbers with spaces: "     1<TAB>antelope".
        fields = line.split()
        if len(fields) != 2 or fields[0] != str(number):
            raise BadDataset(
                expected=f"the number {number}, white space, a name without spaces",
                found=repr(line[:80]),
                where=f"{path}, line {number}",
                remedy="restore the file from the release",
            )
        names.append(fields[1])
    if len(set(names)) != len(names) or not names:
        raise BadDataset(
            expected="distinct names, at least one",
            found=f"{len(names)} names, {len(set(names))} distinct",
            where=str(path),
            remedy="restore the file from the release",
        )
    return names


def _read_binary_matrix(path: Path, n_classes: int, n_attributes: int) -> np.ndarray:
    rows = [line.split() for line in read_lines(path)]
    widths = sorted({len(row) for row in rows})
    if len(rows) != n_classes or widths != [n_attributes]:
        raise BadDataset(
            expected=f"{n_classes} rows (classes.txt) of {n_attributes} values (predicates.txt)",
            found=f"{len(rows)} rows of {' or '.join(map(str, widths)) or 'no'} values",
            where=str(path),
            remedy="use the matrix, class list and attribute list of one release",
        )
    values = {value for row in rows for value in row}
    if not values <= {"0", "1"}:
        raise BadDataset(
            expected="only 0 and 1",
            found=f"{sorted(values - {'0', '1'})[:5]}",
            where=str(path),
            remedy="use predicate-matrix-binary.txt, not the continuous matrix",
        )
    matrix_ca: np.ndarray = np.array(rows) == "1"
    return matrix_ca


def _split_classes(path: Path, classes: list[str]) -> list[str]:
    names = [line.strip() for line in read_lines(path)]
    unknown = [name for name in names if name not in classes]
    if unknown or len(set(names)) != len(names) or not names:
        raise BadDataset(
            expected="distinct class names out of classes.txt, one a line",
            found=f"unknown {unknown[:5]}" if unknown else f"{len(names)} names, {len(set(names))} distinct",
            where=str(path),
            remedy="correct the list, or add the class to classes.txt and the matrix",
        )
    return names


def _check_class_size(root: Path, class_name: str, n_files: int, held_out: int) -> None:
    needed = held_out + LEAST_TRAINING_IMAGES
    if n_files < needed:
        kinds = f"{held_out} for validation and at least 2 to train on" if held_out else "at least 2"
        raise BadDataset(
            expected=f"{needed} or more images: {kinds} (a match needs two images of one class)",
            found=f"{n_files} {'image' if n_files == 1 else 'images'} ({', '.join(IMAGE_SUFFIXES)})",
            where=str(root / "JPEGImages" / class_name),
            remedy="add images, or remove the class from its split list",
        )


def _check_unique_ids(records: list[ImageRecord], root: Path) -> None:
    seen: dict[str, str | None] = {}
    for record in records:
        if record.image_id in seen:
            raise BadDataset(
                expected="file names that are unique in the whole dataset",
                found=f"{seen[record.image_id]} and {record.path}",
                where=str(root / "JPEGImages"),
                remedy="rename or remove one of them",
            )
        seen[record.image_id] = record.path


def _build_index(settings: Awa2Settings, source: IndexSource) -> DatasetIndex:
    return build_awa2_index(source.folder(), settings.validation_images, source.follow_links_to)


def _index_files(_settings: Awa2Settings, root: Path) -> list[Path]:
    return dataset_files(root)


def _suit(root: Path) -> SuitedSettings:
    """Return fewer images for validation where a training class of a subset has too few for the default."""
    default = Awa2Settings()
    try:
        counts = {name: len(list_class_images(root, name)) for name in read_lines(root / "trainclasses.txt")}
    except BadDataset:
        return SuitedSettings(default, {})
    smallest = min(counts, key=counts.__getitem__, default=None)
    needed = default.validation_images + LEAST_TRAINING_IMAGES
    if smallest is None or counts[smallest] >= needed:
        return SuitedSettings(default, {})
    images = max(LEAST_VALIDATION_IMAGES, counts[smallest] // VALIDATION_SHARE)
    reason = (
        f"the training class {smallest!r} has {counts[smallest]} images; the papers' {default.validation_images} for "
        f"validation need {needed} of each, so figures and choices on validation images are rougher"
    )
    return SuitedSettings(Awa2Settings(images), {"validation_images": reason})


AWA2 = DatasetKind(
    name="awa2",
    origin="the releases' layouts",
    settings=Awa2Settings,
    pixel_settings=(*FILE_SETTINGS, "validation_images"),
    build_index=_build_index,
    index_module="pipeline.datasets.awa2",
    index_files=_index_files,
    suit=_suit,
    shared_unit=CLASS,
)
