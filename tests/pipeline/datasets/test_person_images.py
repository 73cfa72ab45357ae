"""Market-1501 and CUHK03-NP: junk, distractors, cameras and sides, and what the protocol cannot measure."""

from pathlib import Path

import pytest

from pipeline.datasets.cuhk03_np.index import build_cuhk_index
from pipeline.datasets.market1501.index import build_market_index
from pipeline.errors import BadDataset
from tests.pipeline.datasets.person_release import TEST_PERSONS, write_cuhk, write_market


def test_junk_is_left_out_and_each_distractor_matches_nothing(tmp_path: Path) -> None:
    index = build_market_index(write_market(tmp_path))
    ids = [record.image_id for record in index.records]
    assert ids == sorted(ids)
    assert not [image_id for image_id in ids if "-1" in image_id]
    labels = [record.label for record in index.records if record.label.startswith("distractor")]
    assert len(labels) == len(set(labels)) == 3
    assert {record.split for record in index.records if record.label.startswith("distractor")} == {"test"}
    assert index.notices == ("market1501: 2 junk images (-1) are left out, 3 distractors (0000) are in the gallery",)


def test_queries_and_gallery_are_the_test_images_with_their_cameras(tmp_path: Path) -> None:
    index = build_market_index(write_market(tmp_path))
    tested = [record for record in index.records if record.split == "test"]
    assert [view.image_id for view in index.views] == [record.image_id for record in tested]
    queries = [view for view in index.views if view.is_query]
    assert [view.image_id for view in queries] == [f"query_{p:04d}_c1s1_{p + 300:06d}_00" for p in TEST_PERSONS]
    assert {view.camera for view in queries} == {1}
    assert {view.camera for view in index.views if not view.is_query} == {1, 3, 4}
    by_id = {record.image_id: record for record in index.records}
    assert by_id["query_0003_c1s1_000303_00"].path == "query/0003_c1s1_000303_00.jpg"
    assert by_id["query_0003_c1s1_000303_00"].label == by_id["gallery_0003_c4s1_000404_02"].label == "0003"


def test_training_persons_are_whole(tmp_path: Path) -> None:
    records = build_market_index(write_market(tmp_path), validation_class_share=0.5).records
    splits = {label: {one.split for one in records if one.label == label} for label in {one.label for one in records}}
    assert all(len(found) == 1 for found in splits.values())
    assert [found for found in splits.values() if found == {"valid"}] == [{"valid"}] * 3


@pytest.mark.parametrize(
    ("added", "removed", "message"),
    [
        ("query/0000_c1s1_000151_01.jpg", "", "distractors .* in the gallery alone"),
        ("query/0001.jpg", "", "person, camera, frame"),
        ("query/0004_c3s1_000301_00.jpg", "bounding_box_test/0004_c[14]*", "none for 1 queries: query/0004_c3"),
        ("query/0005_c3s1_000301_00.jpg", "", "none for 1 queries: query/0005_c3"),
        ("bounding_box_train/0001_c3s1_000301_00.jpg", "", "either for training or for test"),
        ("", "bounding_box_test/*c[34]*", "a gallery by at least two cameras.*"),
        ("", "query/*.jpg", "a folder of photographs"),
    ],
)
def test_what_the_protocol_cannot_measure_is_refused(tmp_path: Path, added: str, removed: str, message: str) -> None:
    root = write_market(tmp_path)
    for path in root.glob(removed) if removed else ():
        path.unlink()
    if added:
        (root / added).touch()
    with pytest.raises(BadDataset, match=message):
        build_market_index(root)


@pytest.mark.parametrize("boxes", ["detected", "labelled"])
def test_both_kinds_of_boxes_are_read_from_their_folders(tmp_path: Path, boxes: str) -> None:
    index = build_cuhk_index(write_cuhk(tmp_path), boxes)
    folder = {"detected": "detected/", "labelled": "labeled/"}[boxes]
    assert {record.path[: len(folder)] for record in index.records if record.path} == {folder}
    assert sum(record.split != "test" for record in index.records) == {"detected": 12, "labelled": 13}[boxes]
    assert sum(view.is_query for view in index.views) == 6
    assert index.notices == ()


def test_the_new_protocol_knows_no_distractors(tmp_path: Path) -> None:
    root = write_cuhk(tmp_path)
    (root / "detected" / "bounding_box_test" / "0000_c1_1.png").touch()
    with pytest.raises(BadDataset, match="persons numbered from 1"):
        build_cuhk_index(root)
