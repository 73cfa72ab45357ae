"""Stanford Online Products: labels by product, splits by list, and what is refused."""

from pathlib import Path

import pytest

from pipeline.datasets.stanford_online_products.index import build_products_index, dataset_files
from pipeline.errors import BadDataset
from tests.pipeline.datasets.products_release import write_products


def test_products_are_classes_and_lists_are_sides(tmp_path: Path) -> None:
    index = build_products_index(write_products(tmp_path))
    splits: dict[str, set[str]] = {}
    for record in index.records:
        splits.setdefault(record.label, set()).add(record.split)
    tested = {label for label, found in splits.items() if found == {"test"}}
    assert tested == {"bicycle 8", "bicycle 10", "bicycle 12", "coffee_maker 7", "coffee_maker 9", "coffee_maker 11"}
    assert sorted(map(sorted, (splits[label] for label in splits.keys() - tested))) == [["train"]] * 4 + [["valid"]] * 2
    record = next(record for record in index.records if record.label == "coffee_maker 7")
    assert record.path == f"{record.image_id}.JPG" == "coffee_maker_final/111085100007_0.JPG"
    assert index.attribute_names == ()


def test_the_lists_and_folders_are_watched(tmp_path: Path) -> None:
    root = write_products(tmp_path)
    assert {path.name for path in dataset_files(root)} == {
        "Ebay_train.txt",
        "Ebay_test.txt",
        "bicycle_final",
        "coffee_maker_final",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("25 2 1 bicycle_final/1.JPG", "classes that are either for training or for test"),
        ("25 7 1 bicycle_final/1.JPG", "one super class for class 7"),
        ("25 13 1 bicycle_final/1.JPG", "a single image of 1 classes: bicycle 13"),
        ("25 13 bicycle_final/1.JPG", "4 values"),
        ("25 thirteen 1 bicycle_final/1.JPG", "as in the header"),
        ("25 8 1 ../1.JPG", "a path inside the dataset's folder"),
    ],
)
def test_a_line_that_contradicts_is_refused(tmp_path: Path, line: str, message: str) -> None:
    root = write_products(tmp_path / "release")
    (root / "bicycle_final" / "1.JPG").touch()
    (tmp_path / "1.JPG").touch()
    with (root / "Ebay_test.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(BadDataset, match=message):
        build_products_index(root)


def test_a_missing_photograph_is_named(tmp_path: Path) -> None:
    root = write_products(tmp_path)
    (root / "bicycle_final" / "111085100002_1.JPG").unlink()
    with pytest.raises(BadDataset, match=r"none for 1: bicycle_final/111085100002_1\.JPG"):
        build_products_index(root)
