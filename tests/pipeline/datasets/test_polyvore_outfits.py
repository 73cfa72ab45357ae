"""The index of outfits from small fake releases: right, or refused with the file and the remedy."""

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.datasets.outfits import Outfit
from pipeline.datasets.polyvore_outfits import build_polyvore_index
from pipeline.errors import BadDataset
from tests.pipeline.datasets.polyvore_release import ATTRIBUTES, outfits_content, write_json, write_release


def test_the_index_of_a_release(tmp_path: Path) -> None:
    index = build_polyvore_index(write_release(tmp_path))
    assert (index.name, index.root) == ("polyvore_outfits", str(tmp_path))
    assert index.attribute_names == ATTRIBUTES
    assert index.attribute_groups == (-1, -1, -1)
    assert [(record.image_id, record.split, record.label) for record in index.records] == [
        ("101", "train", "tops"),
        ("102", "train", "bottoms"),
        ("103", "train", "shoes"),
        ("103", "valid", "shoes"),
        ("104", "train", "bags"),
        ("104", "test", "bags"),
        ("105", "train", "bags"),
        ("106", "valid", "tops"),
        ("107", "test", "shoes"),
        ("108", "test", "bottoms"),
        ("a b+ü", "test", "tops"),
    ]
    assert index.records[-1].path == "images/a b+ü.jpg"


def test_attributes_are_sparse_and_in_vocabulary_order(tmp_path: Path) -> None:
    records = build_polyvore_index(write_release(tmp_path)).records
    found = {record.image_id: record.attributes for record in records if record.attributes}
    assert found == {"101": ("red", "striped"), "102": ("blue",), "106": ("red",)}


def test_outfits_keep_the_releases_order(tmp_path: Path) -> None:
    outfits = build_polyvore_index(write_release(tmp_path)).outfits
    assert outfits == (
        Outfit("t1", "train", ("101", "102", "103")),
        Outfit("t2", "train", ("104", "105")),
        Outfit("v1", "valid", ("106", "103")),
        Outfit("e1", "test", ("108", "107", "a b+ü")),
        Outfit("e2", "test", ("108", "104")),
    )


def test_an_item_listed_twice_is_worn_once(tmp_path: Path) -> None:
    root = write_release(tmp_path)
    write_json(root / "nondisjoint" / "valid.json", outfits_content([("v1", ("106", "103", "106"))]))
    assert build_polyvore_index(root).outfits[2].items == ("106", "103")


def test_type_pairs_come_from_training_outfits(tmp_path: Path) -> None:
    index = build_polyvore_index(write_release(tmp_path))
    assert index.type_pairs == (("bags", "bags"), ("bottoms", "shoes"), ("bottoms", "tops"), ("shoes", "tops"))
    assert index.conditions == ("bags|bags", "bottoms|shoes", "bottoms|tops", "shoes|tops")


def test_type_pairs_of_the_release_go_first(tmp_path: Path) -> None:
    root = write_release(tmp_path)
    pairs = [("tops", "bottoms"), ("bags", "bags"), ("bottoms", "tops")]
    (root / "nondisjoint" / "typespaces.p").write_bytes(pickle.dumps(pairs))
    assert build_polyvore_index(root).type_pairs == (("bottoms", "tops"), ("bags", "bags"))


def test_the_disjoint_outfits_are_read_where_asked(tmp_path: Path) -> None:
    root = write_release(tmp_path, "disjoint")
    assert len(build_polyvore_index(root, "disjoint").outfits) == 5
    with pytest.raises(BadDataset, match="no folder"):
        build_polyvore_index(root)


def edited(name: str, edit: Callable[[Any], Any]) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        content = json.loads((root / name).read_text(encoding="utf-8"))
        write_json(root / name, edit(content))

    return change


def written(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes(content) and None


def removed(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes((root / name).read_bytes()[:-20]) and None


def outfit(**changes: Any) -> Callable[[Any], Any]:
    return lambda content: [{**content[0], **changes}, *content[1:]]


def annotated(marks: Any) -> Callable[[Any], Any]:
    return lambda content: {**content, "annotations": {**content["annotations"], "101": marks}}


def link_outside(root: Path) -> None:
    outside = root.parent / "elsewhere.jpg"
    outside.touch()
    (root / "images" / "101.jpg").unlink()
    (root / "images" / "101.jpg").symlink_to(outside)


def image_folder_outside(root: Path) -> None:
    (root / "images").rename(root.parent / "pictures")
    (root / "images").symlink_to(root.parent / "pictures")


def no_images(root: Path) -> None:
    (root / "images").rename(root / "pictures")


META, MARKS, TRAIN = "polyvore_item_metadata.json", "polyvore_attributes.json", "nondisjoint/train.json"
CLIMBS = [{"item_id": "../../elsewhere", "index": 1}]
MISTAKES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    **{f"no {name}": (removed(name), name, "no such file") for name in (META, MARKS, TRAIN)},
    **{f"empty {name}": (written(name, b""), name, "an empty file") for name in (META, MARKS, TRAIN)},
    **{f"cut {name}": (cut(name), name, r"line 1, column \d+") for name in (META, MARKS, TRAIN)},
    **{f"list as {name}": (written(name, b"[1]"), name, "1|None") for name in (META, MARKS, TRAIN)},
    "not UTF-8": (written(META, b'{"101": "\xff"}'), META, "UnicodeDecodeError"),
    "nested without end": (written(META, b"[" * 100_000), META, "RecursionError|Expecting"),
    "item twice in metadata": (written(META, b'{"101": {}, "102": {}, "101": {}}'), META, "key '101' twice"),
    "no type": (edited(META, lambda content: {**content, "101": {}}), META, "none for 1: 101"),
    "empty type": (edited(META, lambda c: {**c, "101": {"semantic_category": " "}}), META, "none for 1: 101"),
    "type with a bar": (edited(META, lambda c: {**c, "101": {"semantic_category": "a|b"}}), META, "none for 1: 101"),
    "items not in metadata": (written(META, b"{}"), META, "none for 9: 101, 102, 103, 104, 105 ..."),
    "no attributes": (edited(MARKS, lambda c: {**c, "attributes": []}), f'{MARKS}, "attributes"', r"\[\]"),
    "attribute twice": (edited(MARKS, lambda c: {**c, "attributes": ["a", "a"]}), MARKS, "'a'"),
    "attribute no text": (edited(MARKS, lambda c: {**c, "attributes": ["a", 3]}), MARKS, "3"),
    "no annotations": (edited(MARKS, lambda c: {"attributes": ["a"]}), f'{MARKS}, "annotations"', "None"),
    "number too large": (edited(MARKS, annotated([0, 3])), f"{MARKS}, \"annotations\" of item '101'", "3"),
    "number negative": (edited(MARKS, annotated([-1])), MARKS, "-1"),
    "number a truth value": (edited(MARKS, annotated([True])), MARKS, "True"),
    "annotation no list": (edited(MARKS, annotated(1)), MARKS, "1"),
    "no outfits": (written(TRAIN, b"[]"), TRAIN, r"\[\]"),
    "outfit without id": (edited(TRAIN, outfit(set_id=None)), f"{TRAIN}, outfit number 1", "None"),
    "outfit without items": (edited(TRAIN, outfit(items=[])), f"{TRAIN}, outfit number 1 ('t1')", r"\[\]"),
    "item without index": (edited(TRAIN, outfit(items=[{"item_id": "101"}])), TRAIN, "101"),
    "item id a number": (edited(TRAIN, outfit(items=[{"item_id": 101, "index": 1}])), TRAIN, "101"),
    "item that climbs": (edited(TRAIN, outfit(items=CLIMBS)), TRAIN, "elsewhere"),
    "outfit twice": (edited(TRAIN, outfit(set_id="t2")), "nondisjoint", "'t2' in train.json and in train.json"),
    "outfit in two splits": (edited(TRAIN, outfit(set_id="e1")), "nondisjoint", "'e1' in train.json and in test.json"),
    "no image": (removed("images/103.jpg"), "images", "none for 1: 103"),
    "no folder of images": (no_images, "images", "no such folder"),
    "link outside": (link_outside, "", "images/101.jpg"),
    "images outside": (image_folder_outside, "", "images"),
    "type pairs cut": (written("nondisjoint/typespaces.p", b"\x80\x04]"), "typespaces.p", "exhausted|truncated"),
    "type pairs no pairs": (written("nondisjoint/typespaces.p", pickle.dumps([("a",)])), "typespaces.p", "'a',"),
    "no type pair": (written("nondisjoint/typespaces.p", pickle.dumps([])), "typespaces.p", r"\[\]"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_refused_with_the_file_and_the_remedy(tmp_path: Path, mistake: str) -> None:
    change, where, found = MISTAKES[mistake]
    root = write_release(tmp_path / "release")
    build_polyvore_index(root)
    change(root)
    with pytest.raises(BadDataset) as error:
        build_polyvore_index(root)
    assert where in error.value.where
    assert str(root) in error.value.where
    assert re.search(found, error.value.found), error.value.found
    assert len(error.value.remedy) > 10
