"""Equal within a margin, not worse by a margin, or neither: known cases, and broken copies that must be noticed."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import equivalence as module
from pipeline.evaluation.bootstrap import Ratio
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(5)
CLUSTERS = np.arange(120) // 4
SECOND = RNG.normal(size=120)
NOISE = RNG.normal(0, 0.05, 120)
NOISE -= NOISE.mean()


def compared(shift: float, margin: float, module_=module, clusters: np.ndarray = CLUSTERS) -> module.Equivalence:
    ones = np.ones(120)
    measures = Ratio(SECOND + NOISE + shift, ones), Ratio(SECOND, ones)
    return module_.equivalence(measures, clusters, margin, seed=1, samples=1000)


def assert_decisions(module_=module) -> None:
    alike = compared(0.0, 0.05, module_)
    assert alike.is_equivalent
    assert -0.05 < alike.interval.low < alike.interval.value < alike.interval.high < 0.05
    lower = compared(-0.05, 0.05, module_)
    assert (lower.is_not_lower, lower.is_not_higher, lower.is_equivalent) == (False, True, False)
    better = compared(0.2, 0.05, module_)
    assert (better.is_not_lower, better.is_not_higher, better.is_equivalent) == (True, False, False)
    # No significant difference, and yet no equality: the margin is smaller than what these pairs can tell.
    unclear = compared(0.0, 0.001, module_)
    assert unclear.interval.low < 0 < unclear.interval.high
    assert (unclear.is_not_lower, unclear.is_not_higher) == (False, False)


def test_equality_is_shown_not_assumed() -> None:
    assert_decisions()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("interval.low > -margin", "interval.high > -margin"),
        ("interval.high < margin", "interval.value < margin"),
        ("self.is_not_lower and self.is_not_higher", "self.is_not_lower or self.is_not_higher"),
    ],
    ids=["the better end", "the value alone", "one test is enough"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_decisions(broken_copy(module, tmp_path, right, wrong))


def test_at_the_margin_it_says_yes_about_as_rarely_as_it_promises() -> None:
    rng, ones, found = np.random.default_rng(2), np.ones(160), 0
    for trial in range(300):
        first = np.repeat(rng.normal(0.1, 0.2, 40), 4)
        measures = Ratio(first, ones), Ratio(np.zeros(160), ones)
        found += module.equivalence(measures, np.arange(160) // 4, 0.1, seed=trial, samples=200).is_equivalent
    assert found <= 300 * 0.09


def test_one_cluster_shows_nothing() -> None:
    alone = compared(0.0, 10.0, clusters=np.zeros(120, dtype=np.int64))
    assert (alone.is_not_lower, alone.is_not_higher) == (False, False)


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan")])
def test_a_margin_is_above_0(margin: float) -> None:
    with pytest.raises(BadSetting, match="margin"):
        compared(0.0, margin)
