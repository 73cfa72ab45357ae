"""The area under the ROC curve of outfits against their replaced copies."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.similarity.compatibility import auc as module
from pipeline.similarity.compatibility.auc import compatibility_auc
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
        weighted = module.weighted_compatibility_auc(REAL, REPLACED, counts)
        assert broken.weighted_compatibility_auc(REAL, REPLACED, counts) != pytest.approx(weighted, abs=1e-6)
