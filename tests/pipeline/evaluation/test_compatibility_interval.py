"""The interval of the compatibility AUC: an outfit is drawn together with its replaced copy."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadSetting
from pipeline.evaluation import compatibility_interval as module
from pipeline.evaluation.bootstrap import resampling_counts
from pipeline.evaluation.compatibility_interval import compatibility_auc_interval
from pipeline.randomness import keyed_rng
from pipeline.similarity.compatibility.auc import weighted_compatibility_auc
from tests.oracles import bootstrap as bootstrap_oracle
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
    halved = [
        weighted_compatibility_auc(REAL, REPLACED, np.where(np.arange(40) == o, 0.5, 1.0)[None])[0] for o in range(40)
    ]
    expected = bootstrap_oracle.bca_ends(found.value, areas, halved, 40, 0.95)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high
    assert (found.n, found.n_clusters) == (40, 40)


def test_the_interval_draws_an_outfit_with_its_copy() -> None:
    assert_drawn_with_its_copy()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("n_outfits), confidence)\n    return", "n_outfits), 2 * confidence - 1)\n    return"),
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
