"""Cars-196 in the layouts it is handed out in: ids, classes, sides, and what is refused."""

from pathlib import Path

import pytest
from scipy.io import savemat

from pipeline.datasets.cars196.index import build_cars_index, dataset_files
from pipeline.errors import BadDataset
from tests.pipeline.datasets.cars_release import (
    CLASS_NAMES,
    LAYOUTS,
    TRAIN,
    structures,
    write_devkit,
    write_one_file,
    write_table,
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_first_half_of_the_classes_is_for_training(tmp_path: Path, layout: str) -> None:
    index = build_cars_index(LAYOUTS[layout](tmp_path))
    assert (index.name, index.attribute_names) == ("cars196", ())
    sides = {name: {record.split for record in index.records if record.label == name} for name in CLASS_NAMES}
    assert all(sides[name] == {"test"} for name in CLASS_NAMES[4:])
    first = [sides[name] for name in CLASS_NAMES[:4]]
    # Validation classes are whole: two of four, as a class of its own is never mistaken.
    assert sorted(map(sorted, first)) == [["train"], ["train"], ["valid"], ["valid"]]
    assert [record.image_id for record in index.records] == sorted(record.image_id for record in index.records)


def test_ids_tell_the_two_folders_apart(tmp_path: Path) -> None:
    records = build_cars_index(write_devkit(tmp_path, with_test_labels=True)).records
    paths = {record.image_id: record.path for record in records}
    assert paths["train_00001"] == "cars_train/00001.jpg"
    assert paths["test_00001"] == "cars_test/00001.jpg"
    assert len(records) == 32


def test_photographs_without_labels_are_left_out(tmp_path: Path) -> None:
    records = build_cars_index(write_devkit(tmp_path)).records
    assert {record.path.split("/")[0] for record in records if record.path} == {"cars_train"}


def test_of_all_photographs_in_one_folder_the_numbers_are_the_ids(tmp_path: Path) -> None:
    records = build_cars_index(write_one_file(tmp_path)).records
    assert records[0].image_id == "car_ims_000001"
    assert records[0].label == CLASS_NAMES[0]


def test_a_table_names_a_part_of_the_release(tmp_path: Path) -> None:
    root = write_table(tmp_path)
    assert len(build_cars_index(root).records) == len(TRAIN) - 1
    (root / "annotations.csv").unlink()
    with pytest.raises(BadDataset, match=r"none for 1: cars_train/00024\.jpg"):
        build_cars_index(root)


def test_the_same_classes_are_held_out_when_photographs_are_added(tmp_path: Path) -> None:
    def held_out(root: Path) -> set[str]:
        return {record.label for record in build_cars_index(root).records if record.split == "valid"}

    assert held_out(write_devkit(tmp_path / "a")) == held_out(write_devkit(tmp_path / "b", with_test_labels=True))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="annotations.csv, cars_annos.mat or devkit"):
        build_cars_index(tmp_path)


@pytest.mark.parametrize("number", [0, 9, "8"])
def test_a_class_without_a_name_is_refused(tmp_path: Path, number: object) -> None:
    root = write_devkit(tmp_path)
    rows = [{"class": number, "fname": "00001.jpg"}]
    savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": structures(rows)})
    with pytest.raises(BadDataset, match="a class from 1 to 8"):
        build_cars_index(root)


def test_a_file_that_is_no_matlab_file_is_refused(tmp_path: Path) -> None:
    root = write_devkit(tmp_path)
    (root / "devkit" / "cars_train_annos.mat").write_text("<html>not found</html>")
    with pytest.raises(BadDataset, match="a MATLAB file"):
        build_cars_index(root)


def test_another_matlab_file_is_refused(tmp_path: Path) -> None:
    root = write_devkit(tmp_path)
    savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": structures([{"fname": "00001.jpg"}])})
    with pytest.raises(BadDataset, match="structures with fname, class"):
        build_cars_index(root)


def test_a_class_with_a_single_photograph_is_refused(tmp_path: Path) -> None:
    root = write_table(tmp_path)
    lines = (root / "annotations.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "Fiat" not in line] + [next(line for line in lines if "Fiat" in line)]
    (root / "annotations.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(BadDataset, match="a single image of 1 classes: Fiat 500 2012"):
        build_cars_index(root)


def test_every_file_that_is_read_is_watched(tmp_path: Path) -> None:
    root = write_devkit(tmp_path, with_test_labels=True)
    watched = [path for path in dataset_files(root) if path.exists()]
    assert {path.name for path in watched} >= {"cars_train", "cars_meta.mat", "cars_test_annos_withlabels.mat"}
