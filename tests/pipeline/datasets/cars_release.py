"""Small fake copies of Cars-196 in each of the layouts that it is handed out in; photographs are empty files."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.io import savemat

# A slash as in the release's "Ram C/V Cargo Van Minivan 2012".
CLASS_NAMES = (
    "AM Hummer 2000",
    "Ram C/V Van 2012",
    "Audi TT 2011",
    "BMW X3 2012",
    "Kia Soul 2010",
    "Fiat 500 2012",
    "Ford GT 2006",
    "Dodge Ram 2009",
)
FEW = Sequence[tuple[str, int]]
TRAIN: FEW = [(f"{number + 1:05d}.jpg", number % 8 + 1) for number in range(24)]
TEST: FEW = [(f"{number + 1:05d}.jpg", number % 8 + 1) for number in range(8)]


def structures(rows: Sequence[Mapping[str, object]]) -> np.ndarray:
    """Return a 1 x n array of structures as MATLAB keeps it."""
    array = np.zeros((1, len(rows)), dtype=[(name, object) for name in rows[0]])
    for position, row in enumerate(rows):
        for name, value in row.items():
            array[name][0, position] = value
    return array


def class_name_cells() -> np.ndarray:
    cells = np.empty((1, len(CLASS_NAMES)), dtype=object)
    cells[0] = CLASS_NAMES
    return cells


def touch(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def _annotations(files: FEW, file_field: str = "fname") -> np.ndarray:
    box = {"bbox_x1": 39, "bbox_y1": 116, "bbox_x2": 569, "bbox_y2": 375}
    return structures([{**box, "class": number, file_field: name} for name, number in files])


def write_devkit(root: Path, with_test_labels: bool = False) -> Path:
    """Write the folders and the devkit; the labels of cars_test lie beside the devkit where there are any."""
    touch(root / "cars_train", [name for name, _ in TRAIN])
    touch(root / "cars_test", [name for name, _ in TEST])
    (root / "devkit").mkdir()
    savemat(root / "devkit" / "cars_meta.mat", {"class_names": class_name_cells()})
    savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": _annotations(TRAIN)})
    if with_test_labels:
        savemat(root / "cars_test_annos_withlabels.mat", {"annotations": _annotations(TEST)})
    return root


def write_one_file(root: Path) -> Path:
    """Write car_ims and cars_annos.mat, the layout in which all photographs are numbered together."""
    touch(root / "car_ims", [f"0{name}" for name, _ in TRAIN])
    annotations = _annotations([(f"car_ims/0{name}", number) for name, number in TRAIN], "relative_im_path")
    savemat(root / "cars_annos.mat", {"annotations": annotations, "class_names": class_name_cells()})
    return root


def write_table(root: Path) -> Path:
    """Write annotations.csv over a devkit that names photographs which are not there."""
    write_devkit(root)
    kept = TRAIN[:-1]
    (root / "cars_train" / TRAIN[-1][0]).unlink()
    with (root / "annotations.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["fname", "class_id", "class_name", "metric_learning_split", "width", "height"])
        for name, number in kept:
            writer.writerow([name, number, CLASS_NAMES[number - 1], "train" if number < 5 else "test", 256, 125])
    return root


LAYOUTS: Mapping[str, Callable[[Path], Path]] = {
    "devkit": write_devkit,
    "one_file": write_one_file,
    "table": write_table,
}
