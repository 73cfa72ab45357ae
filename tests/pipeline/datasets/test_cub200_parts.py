"""Parts of CUB-200-2011: those that are seen, joined by number, and which attributes are of which."""

from pathlib import Path

import pytest

from pipeline.datasets.cub200 import parts as module
from pipeline.datasets.parts import PartLocation
from pipeline.errors import BadDataset
from tests.pipeline.datasets.cub_release import PARTS, image_files, write_cub
from tests.pipeline.evaluation.broken_copy import broken_copy

# The 28 kinds of the release's 312 attributes.
KINDS = (
    *("bill_shape", "wing_color", "upperparts_color", "underparts_color", "breast_pattern", "back_color"),
    *("tail_shape", "upper_tail_color", "head_pattern", "breast_color", "throat_color", "eye_color", "bill_length"),
    *("forehead_color", "under_tail_color", "nape_color", "belly_color", "wing_shape", "size", "shape"),
    *("back_pattern", "tail_pattern", "belly_pattern", "primary_color", "leg_color", "bill_color", "crown_color"),
    "wing_pattern",
)
OF_THE_WHOLE = {"size", "shape", "primary_color"}


def check_parts(tested, folder: Path) -> None:
    found = tested.read_part_locations(write_cub(folder))
    files = image_files()
    expected = {
        (Path(file).stem, name): (2.0 * part, 3.0 * part + image % 3)
        for image, file in files.items()
        for part, name in enumerate(PARTS, start=1)
        if name != "right wing" and not (name == "beak" and image % 3 == 0)
    }
    assert {(one.image_id, one.part): (one.x_px, one.y_px) for one in found} == expected
    assert len(found) == len(expected)
    assert found[0] == PartLocation(Path(files[1]).stem, "back", 2.0, 4.0)


def test_parts_that_are_seen_are_read(tmp_path: Path) -> None:
    check_parts(module, tmp_path)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('if is_visible == "1":', "if True:"),
        ("for text in (x, y)", "for text in (y, x)"),
        ("parts[int(part)], x_px", "parts[int(image) % 15 + 1], x_px"),
    ],
    ids=["unseen parts", "x for y", "another part"],
)
def test_a_broken_reader_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_parts(broken_copy(module, tmp_path, right, wrong), tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("999 1 2.0 3.0 1", "an image of images.txt"),
        ("1 99 2.0 3.0 1", "a part of parts/parts.txt"),
        ("1 1 2.0 3.0 2", "0 or 1 at its end"),
        ("1 1 left 3.0 1", "x and y in px"),
        ("1 1 2.0", "5 values"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    root = write_cub(tmp_path)
    path = root / "parts/part_locs.txt"
    place = len(path.read_text().splitlines()) + 1
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(BadDataset, match=message) as caught:
        module.read_part_locations(root)
    assert f"line {place}" in str(caught.value)


def test_every_kind_of_attribute_is_of_known_parts_or_of_the_whole() -> None:
    assert len(KINDS) == 28
    for kind in KINDS:
        parts = module.parts_of_attribute(f"has_{kind}::blue")
        assert set(parts) <= set(PARTS)
        assert (parts == ()) == (kind in OF_THE_WHOLE)
    assert {f"has_{kind}" for kind in KINDS} >= set(module.PARTS_OF)
    assert module.parts_of_attribute("discovered 3") == ()
