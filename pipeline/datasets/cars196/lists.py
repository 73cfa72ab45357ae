"""The lists of photographs that copies of Cars-196 come with: one table, one MATLAB file, or the devkit's two."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.datasets.mat_files import cell_texts, read_mat, struct_rows
from pipeline.datasets.table_rows import read_csv_table
from pipeline.errors import BadDataset

TABLE, ONE_FILE, DEVKIT = "annotations.csv", "cars_annos.mat", "devkit"
CLASS_NAMES, TRAIN_ANNOTATIONS, TEST_ANNOTATIONS = (
    f"{DEVKIT}/cars_meta.mat",
    f"{DEVKIT}/cars_train_annos.mat",
    "cars_test_annos_withlabels.mat",
)
# The labels of the official test photographs came later: beside the devkit, or in it.
TEST_PLACES = (TEST_ANNOTATIONS, f"{DEVKIT}/{TEST_ANNOTATIONS}")
TRAIN_FOLDER, TEST_FOLDER = "cars_train", "cars_test"
# What the index follows from; folders count, because it also follows from which photographs are there.
ANNOTATED_FILES = (
    TABLE,
    ONE_FILE,
    CLASS_NAMES,
    TRAIN_ANNOTATIONS,
    *TEST_PLACES,
    TRAIN_FOLDER,
    TEST_FOLDER,
    "car_ims",
)
COLUMNS = ("fname", "class_id", "class_name", "metric_learning_split")


@dataclass(frozen=True)
class ListedCar:
    """A photograph as a list names it.

    Attributes:
        path: relative to the root.
        class_name: such as "Audi TTS Coupe 2012".
        is_test: whether its class is in the second half of the classes.
    """

    path: str
    class_name: str
    is_test: bool


def read_cars(root: Path) -> tuple[Path, list[ListedCar]]:
    """Return the list that was read and its photographs: annotations.csv, else cars_annos.mat, else the devkit.

    A table names the photographs that are there, so a part of the release is read by it.
    Of the devkit the photographs of cars_test are read only where their labels are.

    Raises:
        BadDataset: there is none of them, or it is malformed.
    """
    for name, read in ((TABLE, _of_table), (ONE_FILE, _of_one_file), (TRAIN_ANNOTATIONS, _of_devkit)):
        path = root / name
        if path.is_file():
            return path, list(read(root, path))
    raise BadDataset(
        expected=f"{TABLE}, {ONE_FILE} or {TRAIN_ANNOTATIONS}",
        found="none of them" if root.is_dir() else "no such folder",
        where=str(root),
        remedy="set dataset.root to the folder that holds the release",
    )


def _of_table(_root: Path, path: Path) -> Iterator[ListedCar]:
    table = read_csv_table(path)
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking:
        raise _malformed(path, f"the columns {', '.join(COLUMNS)}", f"no {', '.join(lacking)}")
    for row in table.rows:
        side = row.values["metric_learning_split"]
        if side not in ("train", "test") or not row.values["class_name"]:
            raise _malformed(
                path, "a class_name, and train or test as metric_learning_split", f"{side!r} in {row.place}"
            )
        yield ListedCar(f"{TRAIN_FOLDER}/{row.values['fname']}", row.values["class_name"], side == "test")


def _of_one_file(_root: Path, path: Path) -> Iterator[ListedCar]:
    variables = read_mat(path)
    names = cell_texts(path, variables, "class_names")
    for row in struct_rows(path, variables, "annotations", ("relative_im_path", "class")):
        yield _listed(path, str(row["relative_im_path"]), row["class"], names)


def _of_devkit(root: Path, path: Path) -> Iterator[ListedCar]:
    meta = root / CLASS_NAMES
    names = cell_texts(meta, read_mat(meta), "class_names")
    files = [(TRAIN_FOLDER, path), *((TEST_FOLDER, root / place) for place in TEST_PLACES if (root / place).is_file())]
    for folder, file in files[:2]:
        for row in struct_rows(file, read_mat(file), "annotations", ("fname", "class")):
            yield _listed(file, f"{folder}/{row['fname']}", row["class"], names)


def _listed(file: Path, path: str, number: Any, names: list[str]) -> ListedCar:
    if type(number) is not int or not 1 <= number <= len(names):
        raise _malformed(file, f"a class from 1 to {len(names)}", f"{number!r} for {path}")
    return ListedCar(path, names[number - 1], number > len(names) // 2)


def _malformed(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(expected=expected, found=found, where=str(path), remedy="restore the file from the release")
