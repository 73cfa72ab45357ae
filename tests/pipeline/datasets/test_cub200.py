"""CUB-200-2011: lists joined by number, classes halved, attributes by certainty, and what is refused."""

from pathlib import Path

import pytest

from pipeline.datasets.cub200.index import build_cub_index, dataset_files
from pipeline.errors import BadDataset
from tests.pipeline.datasets.cub_release import ATTRIBUTES, CLASSES, attribute_lines, image_files, write_cub

NUMBER_OF = {Path(file).stem: number for number, file in image_files().items()}


def test_lists_are_joined_by_number_and_classes_halved(tmp_path: Path) -> None:
    index = build_cub_index(write_cub(tmp_path))
    assert (index.name, index.attribute_names) == ("cub200", ATTRIBUTES)
    assert all(record.path == f"images/{record.label}/{record.image_id}.jpg" for record in index.records)
    sides = {name: {record.split for record in index.records if record.label == name} for name in CLASSES}
    assert all(sides[name] == {"test"} for name in CLASSES[4:])
    assert sorted(map(sorted, (sides[name] for name in CLASSES[:4]))) == [["train"], ["train"], ["valid"], ["valid"]]


@pytest.mark.parametrize(("certainty", "counts"), [(3, (0,)), (2, (0, 1)), (1, (0, 1))])
def test_an_attribute_counts_from_its_certainty_on(tmp_path: Path, certainty: int, counts: tuple[int, ...]) -> None:
    index = build_cub_index(write_cub(tmp_path), attribute_certainty=certainty)
    for record in index.records:
        number = NUMBER_OF[record.image_id]
        expected = [name for place, name in enumerate(ATTRIBUTES) if (place - number) % 3 in counts]
        assert list(record.attributes) == expected


def test_the_line_with_too_many_values_is_read() -> None:
    assert max(len(line.split()) for line in attribute_lines(image_files())) == 6


@pytest.mark.parametrize("place", ["attributes.txt", "attributes/attributes.txt"])
def test_names_of_attributes_may_lie_in_the_folder(tmp_path: Path, place: str) -> None:
    root = write_cub(tmp_path)
    (tmp_path / "attributes.txt").rename(root / place)
    assert build_cub_index(root).attribute_names == ATTRIBUTES
    assert root / place in dataset_files(root)


def test_names_of_attributes_are_needed(tmp_path: Path) -> None:
    root = write_cub(tmp_path)
    (tmp_path / "attributes.txt").unlink()
    with pytest.raises(BadDataset, match=r"beside CUB_200_2011"):
        build_cub_index(root)


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("images.txt", "no number.jpg", "a number of its own"),
        ("image_class_labels.txt", "99 1", "such as number 99"),
        ("attributes/image_attribute_labels.txt", "1 9 1 4 2.0", "an attribute of attributes.txt"),
        ("attributes/image_attribute_labels.txt", "1 1 2 4 2.0", "0 or 1"),
        ("attributes/image_attribute_labels.txt", "1 1 1 5 2.0", "a certainty from 1 to 4"),
        ("attributes/image_attribute_labels.txt", "1 1", "image, attribute"),
        ("images.txt", "25 009.Brewer/Brewer_0001_1.jpg", "none for 1: images/009.Brewer"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, file: str, line: str, message: str) -> None:
    root = write_cub(tmp_path)
    with (root / file).open("a", encoding="utf-8") as opened:
        opened.write(line + "\n")
    if file == "images.txt" and line.startswith("25"):
        with (root / "image_class_labels.txt").open("a", encoding="utf-8") as opened:
            opened.write("25 1\n")
    with pytest.raises(BadDataset, match=message):
        build_cub_index(root)


def test_an_image_of_an_unknown_class_is_refused(tmp_path: Path) -> None:
    root = write_cub(tmp_path)
    path = root / "image_class_labels.txt"
    path.write_text(path.read_text().replace("\n2 ", "\n2 9", 1))
    with pytest.raises(BadDataset, match=r"a class of classes\.txt"):
        build_cub_index(root)
