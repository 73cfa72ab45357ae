"""Effects of one kind are read into their pairs and attributes, with what a missing row says."""

from pathlib import Path

import numpy as np
import pytest

from flows.engine.upstream import Upstream
from flows.readers import replacement_effects as module
from flows.readers.pair_frame import PairFrame
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy

NAN = np.nan
# The query of p0 has a and lacks b, that of p1 the other way round; nothing without b was found for p1.
ROWS = [
    ("p1", "b", "removal", None, "none_found", None),
    ("p1", "a", "removal", 0.0, "query_lacks", None),
    ("p0", "b", "removal", 0.0, "query_lacks", None),
    ("p0", "a", "removal", -0.5, None, 0.9),
    ("p1", "b", "deletion", None, "none_found", None),
    ("p0", "a", "deletion", -0.25, None, 0.5),
    ("p0", "b", "insertion", 0.125, "too_few", 0.75),
    ("p1", "a", "insertion", None, "none_found", None),
    ("p1", "b", "matched", None, "none_found", None),
    ("p0", "a", "matched", -0.0625, None, 0.5),
]
FRAME = PairFrame(
    "test",
    ["x", "y", "z"],
    ["p0", "p1"],
    np.array([0, 1]),
    np.array([2, 2]),
    np.array([[True, False], [False, True], [False, False]]),
    ["a", "b"],
    [-1, -1],
    [None, None],
)
EFFECTS = {
    "removal": [[-0.5, 0.0], [0.0, NAN]],
    "deletion": [[-0.25, 0.0], [0.0, NAN]],
    "insertion": [[NAN, 0.125], [NAN, NAN]],
    "matched": [[-0.0625, 0.0], [0.0, NAN]],
}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    rows = [
        {
            "pair_id": pair,
            "split": "test",
            "attribute": attribute,
            "kind": kind,
            "effect": effect,
            "reason": reason,
            "distance": distance,
            "replacements": [] if distance is None else ["z"],
            "distance_difference": None,
        }
        for pair, attribute, kind, effect, reason, distance in ROWS
    ]
    filled = fill(store, "replacements.test", {"all": {"replacements": table("replacements", rows)}})
    return Upstream(store, {"replacements.test": filled})


def assert_read(upstream: Upstream, tested=module) -> None:
    for kind, expected in EFFECTS.items():
        np.testing.assert_array_equal(tested.read_replacement_effects(upstream, "test", kind, FRAME), expected)
    distances = tested.read_replacement_distances(upstream, "test", "insertion", FRAME)
    np.testing.assert_array_equal(distances, [[NAN, 0.75], [NAN, NAN]])
    assert tested.read_query_has(upstream, "test", FRAME).tolist() == [[True, False], [False, True]]


def test_each_kind_is_read_into_its_places(upstream: Upstream) -> None:
    assert_read(upstream)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('pc.equal(table["kind"], kind)', 'pc.not_equal(table["kind"], "")'),
        ('"deletion": 0.0', '"deletion": np.nan'),
        ('"insertion": np.nan', '"insertion": 0.0'),
        ('kind, "distance", frame', 'kind, "effect", frame'),
        ('split, "deletion", frame', 'split, "insertion", frame'),
        ("values_pa[pairs, attributes]", "values_pa[attributes, pairs]"),
    ],
)
def test_broken_copies_are_noticed(upstream: Upstream, tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_read(upstream, broken_copy(module, tmp_path, right, wrong))
