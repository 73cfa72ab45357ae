"""The table that classes as sub-folders come to."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.commands.new_configuration.found_dataset import FoundDataset
from pipeline.datasets.class_folders import ClassFolders, ClassImage, attributes_of_classes, table_names
from pipeline.datasets.class_splits import draw_splits
from pipeline.datasets.folder import ATTRIBUTES, FOLDER, SEPARATOR, build_folder_index
from pipeline.datasets.image_sizes import read_image_sizes
from pipeline.datasets.records import TableRow, UserTable

COLUMNS = ("image_id", "path", "split", "label", ATTRIBUTES)
APART = "splits by the hashes of ids; no class of a test image is among those of training images"
BY_IMAGE = "splits by the hashes of ids, within each class: test images are of classes that were trained on"
AS_FOLDERS = "splits as the folders say"
WORDS_OF_CLASSES = (
    "attributes: folders know none, so the words of the classes' names stand in the column; "
    "better ones make better answers"
)


def dataset_of_class_folders(root: Path, listed: ClassFolders, table: Path, notes: tuple[str, ...]) -> FoundDataset:
    """Return the dataset of images in the folders of their classes, with the table that it needs; writes nothing.

    Images whose header cannot be read are left out, and those that are the only one of their class.

    Raises:
        BadDataset: too few images of a class are left for training, validation and test.
    """
    sizes = read_image_sizes(root, (image.path for image in listed.images))
    images = [image for image in listed.images if image.path in sizes.size_px_by_path]
    rows, how = _rows(images)
    written = UserTable(table, COLUMNS, rows)
    left_out = [*listed.left_out.items(), ("that cannot be opened as images", len(sizes.unreadable))]
    left_out.append(("alone in their class or its split", len(images) - len(rows)))
    lines = [f"left out: {count} {reason}" for reason, count in left_out if count]
    index = build_folder_index(root, written)
    return FoundDataset(FOLDER, root, index, sizes, None, written, (*notes, *lines, how, WORDS_OF_CLASSES))


def write_table(table: UserTable) -> None:
    """Write a table as CSV.

    Raises:
        FileExistsError: the file is there.
    """
    with table.path.open("x", encoding="utf-8", newline="") as file:
        # The usual line ends of CSV: only with them is every kind of line break in a name quoted.
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows([row.values[column] for column in table.columns] for row in table.rows)


def _rows(images: Sequence[ClassImage]) -> tuple[tuple[TableRow, ...], str]:
    labels = table_names(image.folder for image in images)
    ids = _ids([image.path for image in images])
    attributes = attributes_of_classes(labels.values())
    label_by_id = {ids[image.path]: labels[image.folder] for image in images}
    split_by_id: Mapping[str, str]
    if images and all(image.split for image in images):
        split_by_id, how = _given_splits(images, ids), AS_FOLDERS
    else:
        drawn = draw_splits(label_by_id, attributes)
        split_by_id, how = drawn.split_by_id, APART if drawn.are_test_classes_apart else BY_IMAGE
    kept = [image for image in images if ids[image.path] in split_by_id]
    rows = []
    for number, image in enumerate(kept, start=1):
        image_id = ids[image.path]
        label = label_by_id[image_id]
        # White space around values is dropped when the table is read, so a path may not begin with any.
        path = image.path if image.path == image.path.strip() else f"./{image.path}"
        values = (image_id, path, split_by_id[image_id], label, f"{SEPARATOR} ".join(attributes[label]))
        rows.append(TableRow(f"row {number}", dict(zip(COLUMNS, values, strict=True))))
    return tuple(rows), how


def _ids(paths: Sequence[str]) -> dict[str, str]:
    """Return an id for each path: the path without its suffix where no other has the same."""
    stems = {path: path.rpartition(".")[0] for path in paths}
    counts = Counter(stems.values())
    texts = {path: stem if counts[stem] == 1 else path for path, stem in stems.items()}
    if len(set(texts.values())) < len(paths):  # such as a.png.jpg beside a.png and a.jpg
        texts = {path: path for path in paths}
    names = table_names(texts.values())
    return {path: names[text] for path, text in texts.items()}


def _given_splits(images: Sequence[ClassImage], ids: Mapping[str, str]) -> dict[str, str]:
    counts = Counter((image.split, image.folder) for image in images)
    return {
        ids[image.path]: str(image.split)
        for image in images
        if image.split != "train" or counts[image.split, image.folder] > 1
    }
