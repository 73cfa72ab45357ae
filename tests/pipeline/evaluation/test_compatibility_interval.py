"""The interval of the compatibility AUC: an outfit is drawn together with its replaced copy."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import compatibility_interval as module
from pipeline.evaluation.bootstrap import resampling_counts
from pipeline.evaluation.compatibility_interval import compatibility_auc_interval
from pipeline.randomness import keyed_rng
from tests.oracles import type_aware as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(0)
# One decimal, so that many scores are equal.
REAL = np.round(RNG.normal(0.3, 0.4, 40), 1)
REPLACED = np.round(RNG.normal(0.0, 0.4, 40), 1)


def assert_drawn_with_its_copy(interval=compatibility_auc_interval) -> None:
    found = interval(REAL, REPLACED, seed=3, samples=200)
    counts_so = resampling_counts(40, 200, keyed_rng(3, "clustered bootstrap", 40))
    drawn = [(np.repeat(REAL, counts), np.repeat(REPLACED, counts)) for counts in counts_so.astype(int)]
    areas = [oracle.area_under_curve(real.tolist(), replaced.tolist()) for real, replaced in drawn]
    low, high = np.quantile(areas, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.low < found.value < found.high
    assert (found.n, found.n_clusters) == (40, 40)


def test_the_interval_draws_an_outfit_with_its_copy() -> None:
    assert_drawn_with_its_copy()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("[(1 - confidence) / 2, (1 + confidence) / 2]", "[1 - confidence, confidence]"),
        ("keyed_rng(int(seed),", "keyed_rng(int(seed) + 1,"),
    ],
    ids=["tails too wide", "another seed"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_drawn_with_its_copy(broken_copy(module, tmp_path, right, wrong).compatibility_auc_interval)


def test_blocks_of_samples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compatibility_auc_interval(REAL, REPLACED, seed=3, samples=50)
    monkeypatch.setattr(module, "_WEIGHTS_PER_BLOCK", 800)
    assert compatibility_auc_interval(REAL, REPLACED, seed=3, samples=50) == whole


def test_without_outfits_there_is_no_figure() -> None:
    nothing = compatibility_auc_interval(np.zeros(0), np.zeros(0), seed=0)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert nothing.n == 0
    single = compatibility_auc_interval(np.ones(1), np.zeros(1), seed=0)
    assert single.value == 1
    assert np.isnan(single.low)


@pytest.mark.parametrize(("samples", "confidence"), [(0, 0.95), (10, 0.0), (10, 1.0)])
def test_settings_out_of_range_are_refused(samples: int, confidence: float) -> None:
    with pytest.raises(BadSetting):
        compatibility_auc_interval(REAL, REPLACED, seed=0, samples=samples, confidence=confidence)
