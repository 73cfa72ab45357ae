"""Figures of a query by hand and against an oracle that walks over every rank; broken copies fail."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline.evaluation.retrieval import measures
from tests.oracles import retrieval as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

NAMES = ("r_precision", "average_precision_at_r", "average_precision", "market_average_precision")
# Ranks of three true matches of one query, and its figures worked out by hand.
BY_HAND = {
    "r_precision": 2 / 3,
    "average_precision_at_r": (1 + 2 / 3) / 3,
    "average_precision": (1 + 2 / 3 + 3 / 6) / 3,
    # Between matches precision falls to 1/2 and to 2/5 at the rank before the next.
    "market_average_precision": ((1 + 1) / 2 + (1 / 2 + 2 / 3) / 2 + (2 / 5 + 3 / 6) / 2) / 3,
}


def assert_figures(tested: ModuleType = measures) -> None:
    ranks_r = np.array([1, 3, 6])
    for name, value in BY_HAND.items():
        assert getattr(tested, name)(ranks_r) == pytest.approx(value)
    rng = np.random.default_rng(3)
    for _ in range(50):
        found = rng.random(12) < 0.4
        if not found.any():
            continue
        ranks_r = np.flatnonzero(found) + 1
        for k in (1, 2, 5, 12):
            assert tested.recall_at(ranks_r, k) == oracle.recall_at(found.tolist(), k)
        for name in NAMES:
            assert getattr(tested, name)(ranks_r) == pytest.approx(getattr(oracle, name)(found.tolist())), name


def test_figures_by_hand_and_by_walking_over_every_rank() -> None:
    assert_figures()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("ranks_r[0] <= k", "ranks_r[0] < k"),
        ("(ranks_r <= len(ranks_r)).mean()", "(ranks_r <= len(ranks_r) + 1).mean()"),
        ("np.where(ranks_r <= len(ranks_r), precision_r, 0.0)", "precision_r"),
        ("before_r = ranks_r - 1", "before_r = ranks_r"),
        ("earlier_r = np.ones(len(ranks_r))", "earlier_r = np.zeros(len(ranks_r))"),
        ("np.arange(1, len(ranks_r) + 1) / ranks_r", "np.arange(len(ranks_r)) / ranks_r"),
    ],
)
def test_a_broken_copy_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_figures(broken_copy(measures, tmp_path, right, wrong))


def test_a_query_without_a_match_has_no_figure() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert np.isnan(measures.recall_at(nothing, 1))
    assert all(np.isnan(getattr(measures, name)(nothing)) for name in NAMES)
