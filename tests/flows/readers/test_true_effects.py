"""Truth is read from the table of true effects, whatever the labels of the queries say."""

from pathlib import Path

import numpy as np
import pytest

from flows.engine.upstream import Upstream
from flows.readers import true_effects as module
from flows.readers.pair_frame import PairFrame
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy

NAN = np.nan
# The query of p0 has a and b, that of p1 has b and can get a, neither can have c; labels say the opposite.
ROWS = [
    ("p1", "b", True, 0.25, True),
    ("p1", "a", False, -0.5, True),
    ("p0", "a", True, 0.125, False),
    ("p0", "b", True, 0.5, True),
]
FRAME = PairFrame(
    "valid",
    ["x", "y", "z"],
    ["p0", "p1"],
    np.array([0, 1]),
    np.array([2, 2]),
    np.array([[False, False, True], [True, False, True], [False, False, False]]),
    ["a", "b", "c"],
    [-1, -1, -1],
    [None, None],
)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    rows = [
        {
            "pair_id": pair,
            "split": "valid",
            "attribute": attribute,
            "present": present,
            "effect": effect,
            "effect_angle": 2 * effect,
            "group": -1,
            "is_driver": False,
            "in_reference": in_reference,
        }
        for pair, attribute, present, effect, in_reference in ROWS
    ]
    nulls = [{"pair_id": "p0", "effect": -0.0625}, {"pair_id": "p1", "effect": -0.0625}]
    parts = {"true_effects": table("true_effects", rows), "null_effects": table("null_effects", nulls)}
    return Upstream(store, {"true_effects.valid": fill(store, "true_effects.valid", {"all": parts})})


def assert_truth(upstream: Upstream, tested=module) -> None:
    truth = tested.read_truth(upstream, FRAME)
    np.testing.assert_array_equal(truth.delta_pa, [[0.125, 0.5, NAN], [-0.5, 0.25, NAN]])
    np.testing.assert_array_equal(truth.present_pa, [[True, True, False], [False, True, False]])
    assert truth.floor == 0.0625
    shared = tested.read_effect_flags(upstream, FRAME, "in_reference")
    np.testing.assert_array_equal(shared, [[False, True, False], [True, True, False]])


def test_effects_presence_and_floor_are_those_of_the_items(upstream: Upstream) -> None:
    assert_truth(upstream)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('read_effect_flags(upstream, frame, "present")', "frame.present_pa"),
        ('"effect", frame)', '"effect_angle", frame)'),
        ('"true_effects", column, frame)', '"true_effects", "present", frame)'),
        ("values_pa == 1", "~(values_pa == 0)"),
    ],
    ids=["labels", "angles", "another column", "impossible ones"],
)
def test_broken_copies_are_noticed(tmp_path: Path, upstream: Upstream, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_truth(upstream, broken_copy(module, tmp_path, right, wrong))
