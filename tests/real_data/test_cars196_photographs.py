"""Real photographs of Cars-196, where SANE_REAL_DATA names the folder that holds them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline.datasets.cars196.index import build_cars_index
from pipeline.datasets.cars196.lists import TRAIN_ANNOTATIONS, read_cars
from pipeline.datasets.image_decoding import decode_image
from pipeline.datasets.records import DatasetIndex

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def root() -> Path:
    """Return the release's folder; one that is named but missing is a failure, not a reason to skip."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds cars196")
    folder = Path(named) / "cars196"
    assert folder.is_dir(), f"SANE_REAL_DATA is set to {named!r}, but there is no folder {folder}"
    return folder


@pytest.fixture(scope="module")
def index(root: Path) -> DatasetIndex:
    return build_cars_index(root)


def test_classes_are_halved_and_a_tenth_held_out(index: DatasetIndex) -> None:
    splits = Counter(record.split for record in index.records)
    assert splits == {"train": 88 * 15, "valid": 10 * 15, "test": 98 * 15}
    labels = {split: {record.label for record in index.records if record.split == split} for split in splits}
    assert {split: len(names) for split, names in labels.items()} == {"train": 88, "valid": 10, "test": 98}


def test_the_table_agrees_with_the_devkit(root: Path, tmp_path: Path) -> None:
    (tmp_path / "devkit").symlink_to(root / "devkit")
    _, listed = read_cars(tmp_path)
    assert len(listed) == 8144
    assert (tmp_path / TRAIN_ANNOTATIONS).is_file()
    of_devkit = {car.path: (car.class_name, car.is_test) for car in listed}
    _, of_table = read_cars(root)
    assert {car.path: (car.class_name, car.is_test) for car in of_table}.items() <= of_devkit.items()


def test_photographs_decode(root: Path, index: DatasetIndex) -> None:
    for record in index.records[:: len(index.records) // 20][:20]:
        path = root / str(record.path)
        pixels, size_px = decode_image(path.read_bytes(), str(path), 112, (127, 127, 127))
        assert pixels.shape == (112, 112, 3)
        assert max(size_px) <= 256
