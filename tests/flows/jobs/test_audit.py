"""What the audit makes of labels that deny what items have: drivers, copies of drivers, and replacements."""

from types import SimpleNamespace

import numpy as np
import pytest

from flows.jobs import audit
from flows.readers.pair_frame import PairFrame
from pipeline.evaluation.audit.outcomes import TrueEffects
from tests.pipeline.evaluation.broken_copy import broken_copy

NAMES = ["body_colour:red", "background:sand", "part:collar"]
# One pair for each: labels and item agree that it is there, only the label, only the item, neither.
LABELS = np.array([[True] * 3, [True] * 3, [False] * 3, [False] * 3, [True] * 3])
PRESENT = np.array([[True] * 3, [False] * 3, [True] * 3, [False] * 3])
FRAME = PairFrame(
    "test",
    ["a", "b", "c", "d", "e"],
    ["p0", "p1", "p2", "p3"],
    np.arange(4),
    np.full(4, 4),
    LABELS,
    NAMES,
    [0, 1, -1],
    [None] * 4,
)
TRUTH = TrueEffects(np.ones((4, 3)), PRESENT, 0.02)


def assert_counted(tested=audit) -> None:
    tested.read_replacement_effects = lambda _upstream, _split, _kind, frame: np.full(frame.present_pa.shape, -0.25)
    tested.read_replacement_distances = lambda _upstream, _split, _kind, frame: np.zeros(frame.present_pa.shape)
    for found in tested._replaced(None, FRAME, TRUTH).values():
        assert found.change_pa[:, 0].tolist() == pytest.approx([-0.25, np.nan, np.nan, -0.25], nan_ok=True)
        assert not found.distance_pa.any()


@pytest.fixture(autouse=True)
def _readers_are_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("read_replacement_effects", "read_replacement_distances", "read_effect_flags"):
        monkeypatch.setattr(audit, name, getattr(audit, name))


def test_replacements_count_where_label_and_item_agree() -> None:
    assert_counted()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("frame.present_pa == truth.present_pa", "frame.present_pa | ~frame.present_pa"),
        ("frame.present_pa == truth.present_pa", "truth.present_pa"),
    ],
    ids=["labels alone", "items alone"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_counted(broken_copy(audit, tmp_path, right, wrong))


@pytest.mark.parametrize(
    ("drivers", "label_mode", "is_driver", "is_distractor"),
    [
        ("mixed", "dense", [True, False, False], [False, True, True]),
        ("mixed", "correlated", [True, False, False], [False, False, False]),
        ("unnamed", "dense", [False, False, False], [True, True, True]),
        ("parts", "correlated", [False, False, True], [True, False, False]),
    ],
)
def test_copies_of_drivers_are_no_measure_of_noise(
    drivers: str, label_mode: str, is_driver: list[bool], is_distractor: list[bool]
) -> None:
    audit.read_effect_flags = lambda _upstream, _frame, column: PRESENT if column == "present" else ~PRESENT[::-1]
    inputs = SimpleNamespace(settings={"drivers": drivers, "label_mode": label_mode}, upstream=None)
    pairs = audit._audited_pairs(inputs, FRAME)
    assert (pairs.is_driver_a.tolist(), pairs.is_distractor_a.tolist()) == (is_driver, is_distractor)
    assert pairs.shared_pa[:, 0].tolist() == [True, False, True, False]
