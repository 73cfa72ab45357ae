"""Small fake releases of persons by several cameras, in the layouts of Market-1501 and of CUHK03's new protocol."""

from collections.abc import Iterable, Mapping
from pathlib import Path

TRAIN_PERSONS, TEST_PERSONS = (2, 7, 10, 11, 12, 20), (1, 3, 4)

Names = Mapping[str, Iterable[str]]


def market_names() -> Names:
    """File names by folder: two cameras a person, in test one query each, junk and distractors beside."""
    return {
        "bounding_box_train": [
            f"{person:04d}_c{camera}s1_{frame:06d}_01.jpg"
            for person in TRAIN_PERSONS
            for camera, frame in ((1, 151), (2, 176))
        ],
        "query": [f"{person:04d}_c1s1_{person + 300:06d}_00.jpg" for person in TEST_PERSONS],
        "bounding_box_test": [
            *(f"{person:04d}_c{camera}s1_{400 + camera:06d}_02.jpg" for person in TEST_PERSONS for camera in (1, 3, 4)),
            "-1_c1s1_000401_03.jpg",
            "-1_c2s1_000402_04.jpg",
            "0000_c1s1_000151_01.jpg",
            "0000_c4s2_000152_02.jpg",
            "0000_c4s2_000153_02.jpg",
        ],
    }


def cuhk_names() -> Names:
    return {
        "bounding_box_train": [f"{person:04d}_c{camera}_{camera}.png" for person in TRAIN_PERSONS for camera in (1, 2)],
        "query": [f"{person:04d}_c{camera}_{camera + 4}.png" for person in TEST_PERSONS for camera in (1, 2)],
        "bounding_box_test": [
            f"{person:04d}_c{camera}_{camera + 6}.png" for person in TEST_PERSONS for camera in (1, 2)
        ],
    }


def write_folders(root: Path, names: Names) -> Path:
    """Write empty files, and beside them what Windows left in the release."""
    for folder, files in names.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "Thumbs.db").touch()
        for name in files:
            (root / folder / name).touch()
    return root


def write_market(root: Path) -> Path:
    write_folders(root / "gt_bbox", {".": ["0001_c1s1_001051_00.jpg"]})
    (root / "readme.txt").touch()
    return write_folders(root, market_names())


def write_cuhk(root: Path) -> Path:
    write_folders(root / "detected", cuhk_names())
    drawn = {
        folder: list(files)[:-1] if folder == "bounding_box_train" else files for folder, files in cuhk_names().items()
    }
    drawn["bounding_box_train"] = [*drawn["bounding_box_train"], "0020_c2_9.png", "0020_c1_9.png"]
    write_folders(root / "labeled", drawn)
    return root
