"""Pairs and images find the unit that they share: query, class or outfit."""

from pathlib import Path

import numpy as np
import pytest

from flows.engine.upstream import Upstream
from flows.readers import clusters as reader
from flows.readers.pair_frame import PairFrame, read_pair_frame
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy

LABELS = ["cat", "dog", "cat", "dog", "eel", "eel"]
PAIRS = [("i0", "i2"), ("i1", "i3"), ("i2", "i0"), ("i4", "i5"), ("i2", "i4")]
OUTFITS = [["i0", "i2", "gone"], ["i1", "i3"], ["i4", "i5"]]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    images = [
        {"image_id": f"i{n}", "path": f"{n}.png", "split": "test", "label": label, "attributes": ["a"]}
        | {"width_px": 8, "height_px": 8, "sha256": str(n), "pixels_sha256": str(n)}
        for n, label in enumerate(LABELS)
    ]
    pairs = [
        {"pair_id": f"p{n}", "split": "test", "query": query, "reference": reference, "is_match": True}
        for n, (query, reference) in enumerate(PAIRS)
    ]
    outfits = [{"outfit_id": str(n), "split": "test", "items": items} for n, items in enumerate(OUTFITS)]
    vocabulary = [{"position": 0, "attribute": "a", "group": -1}]
    stages = {
        "images": {"test-000": {"images": table("images", images)}},
        "vocabulary": {"all": {"vocabulary": table("attribute_vocabulary", vocabulary)}},
        "pairs.test": {"all": {"pairs": table("pairs", pairs)}},
        "outfits.test": {"all": {"outfits": table("outfits", outfits)}},
    }
    return Upstream(store, {stage: fill(store, stage, shards) for stage, shards in stages.items()})


@pytest.fixture(scope="module")
def frame(upstream: Upstream) -> PairFrame:
    return read_pair_frame(upstream, "test")


def assert_shared(upstream: Upstream, frame: PairFrame, tested=reader) -> None:
    for unit, groups in (("query", [0, 1, 2, 3, 2]), ("class", [0, 1, 0, 2, 0]), ("outfit", [0, 1, 0, 2, 0])):
        found, expected = tested.read_pair_clusters(upstream, frame, unit), np.array(groups)
        np.testing.assert_array_equal(found[:, None] == found, expected[:, None] == expected, err_msg=unit)
    unit, found = tested.read_image_clusters(upstream, frame, "class")
    assert (unit, found.tolist()) == ("class", [0, 1, 0, 1, 2, 2])
    for of_pairs in ("query", "outfit"):
        unit, found = tested.read_image_clusters(upstream, frame, of_pairs)
        assert (unit, found.tolist()) == ("image", list(range(6)))


def test_pairs_and_images_share_what_their_dataset_says(upstream: Upstream, frame: PairFrame) -> None:
    assert_shared(upstream, frame)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("[frame.query_p]\n", "[frame.reference_p]\n"),
        ("if unit == OUTFIT:", "if unit == IMAGE:"),
        ("return CLASS, _class_codes", "return IMAGE, _class_codes"),
    ],
    ids=["the reference's class", "queries instead of outfits", "unit unsaid"],
)
def test_broken_copies_are_noticed(
    upstream: Upstream, frame: PairFrame, tmp_path: Path, right: str, wrong: str
) -> None:
    with pytest.raises(AssertionError):
        assert_shared(upstream, frame, broken_copy(reader, tmp_path, right, wrong))
