"""The area under the ROC curve of outfits against their replaced copies, and its interval over outfits."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation.bootstrap import resampling_counts
from pipeline.randomness import keyed_rng
from pipeline.similarity.compatibility import auc as module
from pipeline.similarity.compatibility.auc import compatibility_auc, compatibility_auc_interval
from tests.oracles import type_aware as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(0)
# One decimal, so that many scores are equal.
REAL = np.round(RNG.normal(0.3, 0.4, 40), 1)
REPLACED = np.round(RNG.normal(0.0, 0.4, 40), 1)


@pytest.mark.parametrize(
    ("real", "replaced", "expected"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1.0),
        ([0.1, 0.2], [0.9, 0.8], 0.0),
        ([0.5, 0.5], [0.5, 0.5], 0.5),
        ([0.3, 0.7], [0.5, 0.7], 0.375),
        ([0.4], [0.4], 0.5),
    ],
)
def test_small_cases(real: list[float], replaced: list[float], expected: float) -> None:
    assert compatibility_auc(np.array(real), np.array(replaced)) == expected


def test_the_area_is_the_share_of_combinations(tmp_path: Path) -> None:
    expected = oracle.area_under_curve(REAL.tolist(), REPLACED.tolist())
    assert compatibility_auc(REAL, REPLACED) == pytest.approx(expected, abs=1e-12)
    for right, wrong in [("- replaced_sl / 2", "- replaced_sl"), ("order % len(real_o)", "order // 2")]:
        broken = broken_copy(module, tmp_path, right, wrong)
        counts = np.arange(1.0, 41.0)[None]
        weighted = module._weighted_auc(REAL, REPLACED, counts)
        assert broken._weighted_auc(REAL, REPLACED, counts) != pytest.approx(weighted, abs=1e-6)


def test_the_interval_draws_an_outfit_with_its_copy() -> None:
    found = compatibility_auc_interval(REAL, REPLACED, seed=3, samples=200)
    counts_so = resampling_counts(40, 200, keyed_rng(3, "clustered bootstrap", 40))
    drawn = [(np.repeat(REAL, counts), np.repeat(REPLACED, counts)) for counts in counts_so.astype(int)]
    areas = [oracle.area_under_curve(real.tolist(), replaced.tolist()) for real, replaced in drawn]
    low, high = np.quantile(areas, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.low < found.value < found.high
    assert (found.n, found.n_clusters) == (40, 40)


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
